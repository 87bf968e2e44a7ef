import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { toHex } from '../bytes/index.ts';
import type { SwarmProgress } from '../swarm/index.ts';
import { assertCanonical, type Metainfo } from '../torrent/index.ts';
import { downloadWinner, type PeerAddress } from './download.ts';
import { ClientError } from './errors.ts';
import { lookAtTarget, putInPlace, requireContent, targetExists, withWorkFolder } from './place.ts';
import type { ReadOptions } from './read-log.ts';
import { requireWinner, resolveRelease, type Winner } from './resolve.ts';
import type { TallyClient } from './tally-client.ts';

export interface GetOptions extends ReadOptions {
  /** Folder that the file (or folder) is put into, under its own name. */
  readonly outFolder: string;
  /** Replace what stands there under that name. */
  readonly replace?: boolean;
  /** Peers to ask beside those that the tally's tracker lists. */
  readonly peers?: readonly PeerAddress[];
  /** Address that connections go out from. */
  readonly localAddress?: string;
  readonly onProgress?: (progress: GetProgress) => void;
}

/** What `getRelease` does at the moment. */
export type GetProgress =
  | { readonly phase: 'log' }
  | { readonly phase: 'resolved'; readonly winner: Winner }
  | { readonly phase: 'download'; readonly progress: SwarmProgress }
  | { readonly phase: 'verify' };

/** A release that was got: where it is, what it is, and who stands behind it. */
export interface Got {
  readonly path: string;
  /** SHA-256 of the file in hex; undefined for a folder. */
  readonly sha256: string | undefined;
  readonly sizeBytes: number;
  readonly winner: Winner;
  /** Whether it was there already, whole. */
  readonly alreadyThere: boolean;
}

/**
 * Gets a release: reads and checks the log, counts, downloads the winner's infohash from the swarm with every block
 * verified by SHA-256, reads the result once more from the disk, and only then puts it in its place, in one step.
 * When anything is wrong nothing new stands at that place; verified parts of an unfinished download stay in a hidden
 * folder, and the next time goes on from there. Throws {@link ClientError}: `no-winner`, `mismatch`,
 * `stale`, `not-found`, `download-failed` and the others.
 */
export async function getRelease(client: TallyClient, name: string, options: GetOptions): Promise<Got> {
  options.onProgress?.({ phase: 'log' });
  const winner = requireWinner(await resolveRelease(client, name, options));
  options.onProgress?.({ phase: 'resolved', winner });
  return withWorkFolder(resolve(options.outFolder), async (workFolder) => {
    const downloaded = await downloadWinner({
      infoHashV2: winner.group.infoHashV2,
      folder: workFolder,
      partialFolder: resolve(options.outFolder),
      trackers: [new URL('announce', client.base).href],
      peers: options.peers ?? [],
      localAddress: options.localAddress,
      signal: options.signal,
      onProgress: (progress) => options.onProgress?.({ phase: 'download', progress }),
    });
    return settle(winner, downloaded, options);
  });
}

async function settle(
  winner: Winner,
  { metainfo, path }: { readonly metainfo: Metainfo; readonly path: string },
  options: GetOptions,
): Promise<Got> {
  const { signal } = options;
  options.onProgress?.({ phase: 'verify' });
  requireVotedFor(winner, metainfo);
  await requireContent(metainfo, path, signal);
  const sha256 = metainfo.isTree ? undefined : await sha256Of(path, signal);
  requireSameOutput(winner, sha256);
  const target = join(resolve(options.outFolder), metainfo.name);
  const got = { path: target, sha256, sizeBytes: metainfo.sizeBytes, winner };
  const standing = await lookAtTarget(metainfo, target, signal);
  if (standing === 'same') return { ...got, alreadyThere: true };
  if (standing === 'other' && options.replace !== true) throw targetExists(target);
  await putInPlace(path, target, standing === 'other');
  return { ...got, alreadyThere: false };
}

/** The torrent must be the one that won, in the one form that can be a vote. */
function requireVotedFor(winner: Winner, metainfo: Metainfo): void {
  const infoHash = toHex(metainfo.infoHashV2);
  if (infoHash !== winner.group.infoHashV2) {
    throw new ClientError('mismatch', `the swarm gave ${infoHash} for ${winner.group.infoHashV2}`);
  }
  try {
    assertCanonical(metainfo);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new ClientError('mismatch', `the winner is not in the canonical form: ${words}`, { cause: error });
  }
}

/** What the builders said of their file must be what came: a vote that says otherwise was for something else. */
function requireSameOutput(winner: Winner, sha256: string | undefined): void {
  const said = winner.group.output?.sha256;
  if (said === undefined || sha256 === undefined || said === sha256) return;
  throw new ClientError(
    'mismatch',
    `the builders voted for this infohash and wrote SHA-256 ${said}, but its content has ${sha256}`,
  );
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
