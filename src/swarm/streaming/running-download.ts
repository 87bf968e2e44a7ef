import type { Metainfo } from '../../torrent/index.ts';
import type { DiscoverySource } from '../discovery/discovery.ts';
import type { DownloadResult } from '../download.ts';
import type { SwarmProgress } from '../progress.ts';
import type { Swarm } from '../swarm.ts';

/** A download whose files are known and that is under way. */
export class RunningDownload {
  /** Without its piece layers, as long as only peers know them. */
  readonly metainfo: Metainfo;
  /** Resolves when all of it is in its place, rejects when it fails; see {@link Engine.download}. */
  readonly done: Promise<DownloadResult>;
  readonly #swarm: Swarm;

  constructor(metainfo: Metainfo, swarm: Swarm, done: Promise<DownloadResult>) {
    this.metainfo = metainfo;
    this.#swarm = swarm;
    this.done = done;
  }

  get progress(): SwarmProgress {
    return this.#swarm.progress;
  }

  /** Verified bytes of a file while it is being downloaded, and after; see {@link Swarm.read}. */
  read(file: number, start = 0, end?: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#swarm.read(file, start, end, signal);
  }

  /** Stops to look for peers, in some ways or in all; see {@link Swarm.stopDiscovery}. */
  stopDiscovery(sources?: readonly DiscoverySource[]): Promise<void> {
    return this.#swarm.stopDiscovery(sources);
  }

  /** Fetches nothing from HTTP servers any more. */
  stopWebSeeds(): void {
    this.#swarm.stopWebSeeds();
  }
}
