import type { Artifact } from './strategy.ts';

/** The part of a builder that speaks BitTorrent. */
export interface Seeder {
  /** Where it listens for peers. */
  readonly host: string;
  readonly port: number;
  /**
   * Checks an artifact against its torrent, seeds it and announces it by the builder's own announce URL, until
   * {@link close}. `folder` holds the file or folder that the torrent names.
   */
  seed(torrent: Uint8Array, folder: string): Promise<void>;
  /** Stops seeding an infohash (64 hex digits): says goodbye to its tracker and peers. What is on the disk stays. */
  stop(infoHashV2: string): Promise<void>;
  /** Downloads an infohash from the tally's swarm into `folder`, every block verified. */
  download(infoHashV2: string, folder: string, signal: AbortSignal): Promise<Artifact>;
  /** Says goodbye to the tracker and its peers. */
  close(): Promise<void>;
}
