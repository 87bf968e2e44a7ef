import { brandBytes, fromHex, printable } from '../bytes/index.ts';
import { Engine, SwarmError, type SwarmProgress } from '../swarm/index.ts';
import type { Metainfo } from '../torrent/index.ts';
import { ClientError } from './errors.ts';

/** A peer to ask: an address and a TCP port. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export interface DownloadOptions {
  readonly infoHashV2: string;
  /** Empty folder to download into. */
  readonly folder: string;
  /** Folder on the same file system in which an unfinished download is kept for the next time. */
  readonly partialFolder: string;
  readonly trackers: readonly string[];
  readonly peers: readonly PeerAddress[];
  readonly localAddress: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SwarmProgress) => void;
}

/** Without a new byte for so long a download is given up. */
const PATIENCE_SECONDS = 120;

/**
 * Downloads an infohash from the swarm, every block verified by SHA-256 as it comes, and serves it to others on this
 * machine meanwhile. Throws `download-failed` when
 * no new byte has come for {@link PATIENCE_SECONDS}, with the last trouble that was seen, and `mismatch` when peers
 * agree on content that its own hashes contradict.
 */
export async function downloadWinner(
  options: DownloadOptions,
): Promise<{ metainfo: Metainfo; path: string }> {
  const { infoHashV2, folder, partialFolder, trackers, peers, localAddress, onProgress } = options;
  const impatience = new AbortController();
  const signal = AbortSignal.any([options.signal, impatience.signal]);
  const timer = setTimeout(() => impatience.abort(), PATIENCE_SECONDS * 1000);
  let lastTrouble = 'no peer was found';
  let newestBytes = 0;
  let keptBytes = 0;
  const host = listeningHost(localAddress);
  const engine = new Engine({
    ...(localAddress !== undefined && { localAddress }),
    ...(host !== undefined && { host }),
  });
  try {
    if (host !== undefined) await engine.listen();
    const source = {
      infoHashV2: brandBytes('InfoHashV2', fromHex(infoHashV2)),
      trackers: [],
      webSeeds: [],
      peers: [],
    };
    return await engine.download(source, {
      folder,
      partialFolder,
      trackers,
      peers,
      signal,
      onProgress: (progress) => {
        if (progress.phase === 'checking' || progress.haveBytes > newestBytes) timer.refresh();
        newestBytes = progress.haveBytes;
        onProgress(progress);
      },
      onTrouble: ({ message }) => {
        lastTrouble = message;
      },
      onKept: ({ bytes }) => {
        keptBytes = bytes;
      },
    });
  } catch (error) {
    options.signal.throwIfAborted();
    if (impatience.signal.aborted) {
      const why = `nothing came for ${PATIENCE_SECONDS} s: ${printable(lastTrouble)}`;
      throw failed(infoHashV2, why, keptBytes, error);
    }
    if (!(error instanceof SwarmError)) throw error;
    if (error.code === 'mismatch' || error.code === 'inconsistent-hybrid') {
      throw new ClientError('mismatch', printable(error.message), { cause: error });
    }
    throw failed(infoHashV2, printable(error.message), keptBytes, error);
  } finally {
    clearTimeout(timer);
    await engine.close();
  }
}

/**
 * Where a getting client serves others what it has so far: on this machine only. An address to go out from is no wish
 * to be reached from there, so that for any but a loopback one nothing listens.
 */
function listeningHost(localAddress = '127.0.0.1'): string | undefined {
  return /^127\.|^::1$/.test(localAddress) ? localAddress : undefined;
}

function failed(infoHashV2: string, why: string, keptBytes: number, cause: unknown): ClientError {
  const again = keptBytes > 0 ? `try again, which goes on from ${keptBytes} verified bytes` : 'try again';
  return new ClientError(
    'download-failed',
    `${infoHashV2} could not be downloaded (${why}): ${again}, or name a seeder by --peer`,
    { cause },
  );
}
