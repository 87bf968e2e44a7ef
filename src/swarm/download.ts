import { equalBytes, toHex } from '../bytes/index.ts';
import { type Metainfo, parseInfo, withPieceLayers } from '../torrent/index.ts';
import type { PeerAddress } from '../wire/index.ts';
import { Bitfield } from './bitfield.ts';
import { PartialContent } from './disk/partial-content.ts';
import { SwarmError } from './error.ts';
import type { Identity } from './identity.ts';
import { Layout } from './layout.ts';
import type { SwarmProgress } from './progress.ts';
import type { EngineServices } from './services.ts';
import { identityOfSource, isMetainfo, type TorrentSource } from './source.ts';
import type { Swarm, SwarmEvents } from './swarm.ts';

export interface DownloadOptions {
  /** Folder that the torrent's file or folder is put into; made when it is not there. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** HTTP and UDP trackers to ask. Those of the torrent or magnet link are not asked unless they are given here. */
  readonly trackers?: readonly string[];
  /** Peers to ask, such as those of a magnet link (`x.pe`). */
  readonly peers?: readonly PeerAddress[];
  /** Goes on seeding when complete, until the engine is closed or the swarm left. Default `false`. */
  readonly keepSeeding?: boolean;
  /** Called about twice a second, and once at the end. */
  readonly onProgress?: (progress: SwarmProgress) => void;
  /** Something went wrong that others make up for: a peer was banned, a tracker did not answer. */
  readonly onTrouble?: (error: SwarmError) => void;
}

export interface DownloadResult {
  /** With its piece layers, also when it came from a magnet link. */
  readonly metainfo: Metainfo;
  /** Where the file or folder stands. */
  readonly path: string;
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
  const metadata = Promise.withResolvers<Uint8Array>();
  const complete = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined); // whoever waits for something hears of it there
  const abort = (): void => failure.reject(signal.reason);
  const orFailure = <Value>(wanted: Promise<Value>): Promise<Value> =>
    Promise.race([wanted, failure.promise]);

  const swarm = register.open(identityOfSource(source), {
    onMetadata: (infoBytes) => metadata.resolve(infoBytes),
    onComplete: () => complete.resolve(),
    onFailure: (error) => failure.reject(error),
    onTrouble: (error) => options.onTrouble?.(error),
  });
  signal.addEventListener('abort', abort, { once: true });
  const timer = setInterval(() => options.onProgress?.(swarm.progress), PROGRESS_MS);
  let content: PartialContent | undefined;
  let isDone = false;
  try {
    swarm.announceTo(options.trackers ?? []);
    swarm.addPeers(options.peers ?? []);
    const metainfo = isMetainfo(source)
      ? source
      : readInfo(await orFailure(metadata.promise), source.infoHashV1);
    const layout = new Layout(metainfo.pieceLength, metainfo.files);
    content = await PartialContent.create(metainfo, layout, folder, services.files);
    signal.throwIfAborted();
    swarm.begin(metainfo, layout, content, new Bitfield(layout.pieceCount));
    register.rename(swarm);
    await orFailure(complete.promise);
    await content.finish();
    isDone = true;
    const { progress, peers } = swarm;
    options.onProgress?.(progress);
    return { metainfo: withLayers(metainfo, swarm), path: content.target, peers, progress };
  } finally {
    signal.removeEventListener('abort', abort);
    clearInterval(timer);
    if (!isDone || !options.keepSeeding) await register.leave(swarm);
    if (!isDone) await content?.close();
  }
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

function withLayers(metainfo: Metainfo, swarm: Swarm): Metainfo {
  return metainfo.pieceLayers.size > 0 ? metainfo : withPieceLayers(metainfo, swarm.pieceLayers);
}
