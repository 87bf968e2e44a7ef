import { equalBytes, toHex } from '../bytes/index.ts';
import { type Metainfo, parseInfo, withPieceLayers } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import type { DiscoverOptions } from './discovery/discovery.ts';
import type { PreparedContent } from './disk/check-content.ts';
import { DownloadPlace } from './disk/download-place.ts';
import { SwarmError } from './error.ts';
import type { Identity } from './identity.ts';
import type { Layout } from './layout.ts';
import type { SwarmProgress } from './progress.ts';
import type { EngineServices } from './services.ts';
import { identityOfSource, isMetainfo, type TorrentSource } from './source.ts';
import type { SwarmEvents } from './statistics/events.ts';
import type { Swarm } from './swarm.ts';
import type { WebSeedOptions } from './web-seeds/options.ts';

export interface DownloadOptions extends DiscoverOptions, WebSeedOptions {
  /** Folder that the torrent's file or folder is put into; made when it is not there. */
  readonly folder: string;
  /**
   * Folder in which the hidden folder stands that an unfinished download grows in, and goes on from; on the file
   * system of `folder`, which it is when it is not set.
   */
  readonly partialFolder?: string;
  /** Deletes what an earlier download of the torrent left, and begins anew. Default `false`. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
  /** Goes on seeding when complete, until the engine is closed or the swarm left. Default `false`. */
  readonly keepSeeding?: boolean;
  /** Called about twice a second, and once at the end. */
  readonly onProgress?: (progress: SwarmProgress) => void;
  /** Something went wrong that others make up for: a peer was banned, a tracker did not answer. */
  readonly onTrouble?: (error: SwarmError) => void;
  /** The download failed, and what it has is kept: the next one of the same torrent goes on from there. */
  readonly onKept?: (kept: KeptDownload) => void;
}

/** What a failed download leaves for the next one. */
export interface KeptDownload {
  /** Verified bytes; they are verified again before they count. */
  readonly bytes: number;
  /** The hidden folder that they stand in. */
  readonly path: string;
}

export interface DownloadResult {
  /** With its piece layers, also when it came from a magnet link. */
  readonly metainfo: Metainfo;
  /** Where the file or folder stands. */
  readonly path: string;
  /** Bytes that an earlier download had left, or that stood there already; verified again. */
  readonly resumedBytes: number;
  /** Whether all of it stood in its place already. */
  readonly isAlreadyThere: boolean;
  /** Peers that were connected at the end. */
  readonly peers: readonly PeerAddress[];
  readonly progress: SwarmProgress;
}

/** What a download needs of its engine. */
interface Register {
  open(identity: Identity, events: SwarmEvents): Swarm;
  /** The swarm may have learnt another of its names. */
  rename(swarm: Swarm): void;
  leave(swarm: Swarm): Promise<void>;
  /** The files are known and may be read. */
  begun(swarm: Swarm, metainfo: Metainfo): void;
}

const PROGRESS_MS = 500;

/** One download from its source to its place. */
export async function runDownload(
  source: TorrentSource,
  options: DownloadOptions & { readonly signal: AbortSignal },
  services: EngineServices,
  register: Register,
): Promise<DownloadResult> {
  const { signal, folder } = options;
  signal.throwIfAborted();
  services.pool.prepare();
  const metadata = Promise.withResolvers<Uint8Array>();
  const complete = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined); // whoever waits for something hears of it there
  const abort = (): void => failure.reject(signal.reason);
  const orFailure = <Value>(wanted: Promise<Value>): Promise<Value> =>
    Promise.race([wanted, failure.promise]);
  let isDone = false;
  let checking: { readonly layout: Layout; haveBytes: number } | undefined;
  let place: DownloadPlace | undefined;
  let metPeers = false;

  const identity = identityOfSource(source);
  const swarm = register.open(identity, {
    onMetadata: (infoBytes) => metadata.resolve(infoBytes),
    onComplete: () => complete.resolve(),
    onFailure: (error) => (isDone ? options.onTrouble?.(error) : failure.reject(error)),
    onTrouble: (error) => options.onTrouble?.(error),
  });
  const meetPeers = (): void => {
    if (metPeers) return;
    metPeers = true;
    swarm.discover(options, source);
    swarm.fetchFrom(options, source);
  };
  const keepLayers = (): void => {
    place?.layers.keep(swarm.pieceLayers).catch((error: SwarmError) => failure.reject(error));
  };
  signal.addEventListener('abort', abort, { once: true });
  const timer = setInterval(() => {
    options.onProgress?.(checking ? progressOfCheck(swarm.progress, checking) : swarm.progress);
    keepLayers();
  }, PROGRESS_MS);
  try {
    place = await DownloadPlace.open(identity, services, {
      folder,
      partialFolder: options.partialFolder ?? folder,
      isFresh: options.fresh ?? false,
      signal,
      onChecking: (haveBytes, layout) => {
        checking = { haveBytes, layout };
      },
    });
    const kept = isMetainfo(source) ? undefined : await place.keptInfo(identity);
    if (!isMetainfo(source) && !kept) meetPeers();
    const known = isMetainfo(source)
      ? source
      : readInfo(kept ?? (await orFailure(metadata.promise)), source.infoHashV1);
    const prepared = await place.prepare(known);
    const { layout, content, have } = prepared;
    const resumedBytes = checking?.haveBytes ?? 0;
    const isAlreadyThere = place.isInPlace;
    checking = undefined;
    signal.throwIfAborted();
    swarm.begin(prepared.metainfo, layout, content, have);
    register.rename(swarm);
    register.begun(swarm, prepared.metainfo);
    if (!have.isFull) {
      meetPeers();
      await orFailure(complete.promise);
    }
    const metainfo = withLayers(known, prepared, swarm);
    await place.finish(metainfo);
    isDone = true;
    if (options.keepSeeding) meetPeers();
    const { progress, peers } = swarm;
    options.onProgress?.(progress);
    const path = place.targetOf(metainfo);
    return { metainfo, path, resumedBytes, isAlreadyThere, peers, progress };
  } catch (error) {
    throw (await place?.explain(error)) ?? error;
  } finally {
    signal.removeEventListener('abort', abort);
    clearInterval(timer);
    if (!isDone) keepLayers();
    if (!isDone || !options.keepSeeding) await register.leave(swarm);
    const keptBytes = await place?.close();
    if (place && keptBytes) options.onKept?.({ bytes: keptBytes, path: place.path });
  }
}

function progressOfCheck(
  progress: SwarmProgress,
  { layout, haveBytes }: { readonly layout: Layout; readonly haveBytes: number },
): SwarmProgress {
  const { sizeBytes: totalBytes, pieceCount: piecesTotal } = layout;
  return { ...progress, phase: 'checking', haveBytes, totalBytes, piecesTotal };
}

/** The metainfo of a magnet link from its info dictionary, whose SHA-256 was checked. */
function readInfo(infoBytes: Uint8Array, infoHashV1: Uint8Array | undefined): Metainfo {
  const metainfo = parseInfo(infoBytes);
  if (infoHashV1 && !(metainfo.infoHashV1 && equalBytes(metainfo.infoHashV1, infoHashV1))) {
    throw new SwarmError(
      'inconsistent-hybrid',
      `the magnet link names two torrents: ${toHex(infoHashV1)} is not the v1 infohash of its v2 one`,
    );
  }
  return metainfo;
}

/** With all piece layers: those that it came with, that were kept, or that peers gave. */
function withLayers(metainfo: Metainfo, prepared: PreparedContent, swarm: Swarm): Metainfo {
  if (metainfo.pieceLayers.size > 0) return metainfo;
  const layers = swarm.pieceLayers.size > 0 ? swarm.pieceLayers : prepared.metainfo.pieceLayers;
  return withPieceLayers(metainfo, layers);
}
