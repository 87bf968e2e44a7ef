import { brandBytes, fromHex, type InfoHashV2, toHex } from '../bytes/index.ts';
import { assertCanonical, formatMagnet, type Metainfo, parseInfo, TorrentError } from '../torrent/index.ts';
import type { AnnounceStore } from './tracker/announce-store.ts';

/** Where info dictionaries are kept: as blobs, whose SHA-256 is their v2 infohash. */
export interface InfoStore {
  get(sha256: string): Promise<Uint8Array | undefined>;
  put(sha256: string, bytes: Uint8Array): Promise<void>;
}

interface Known {
  readonly name: string;
  readonly infoHashV1: Metainfo['infoHashV1'];
  readonly isKept: boolean;
}

/**
 * What audits have shown of voted torrents besides their v2 infohash: the name, and a hybrid's v1 infohash, so that
 * magnet links carry both and both are one swarm. Kept over a restart, except for those too large for a blob, and those that
 * only mirrors seed: anybody may register as one and vote for a megabyte a time.
 */
export class KnownTorrents {
  readonly #infos: InfoStore;
  readonly #largest: number;
  readonly #swarms: AnnounceStore;
  readonly #known = new Map<string, Known>();
  readonly #v2OfV1 = new Map<string, string>();

  /** `largest`: bytes of the largest info dictionary that is kept. */
  constructor(infos: InfoStore, largest: number, swarms: AnnounceStore) {
    this.#infos = infos;
    this.#largest = largest;
    this.#swarms = swarms;
  }

  /**
   * Takes in what an audit brought. Throws `TorrentError` when the torrent's form makes it no vote.
   *
   * @param hasWeight whether the audited vote counts
   */
  async learn(metainfo: Metainfo, hasWeight: boolean): Promise<void> {
    assertCanonical(metainfo);
    const infoHashV2 = toHex(metainfo.infoHashV2);
    const isKept = hasWeight && metainfo.infoBytes.length <= this.#largest;
    const known = this.#known.get(infoHashV2);
    if (known !== undefined && (known.isKept || !isKept)) return;
    if (isKept) await this.#infos.put(infoHashV2, metainfo.infoBytes);
    this.#remember(infoHashV2, metainfo, isKept);
  }

  /** Reads what was kept of an infohash (64 hex digits) before a restart. */
  async recall(infoHashV2: string): Promise<void> {
    if (this.#known.has(infoHashV2)) return;
    const info = await this.#infos.get(infoHashV2);
    if (info === undefined) return;
    try {
      this.#remember(infoHashV2, parseInfo(info), true);
    } catch (error) {
      // A blob that some entry names may have this digest without being an info dictionary.
      if (!(error instanceof TorrentError)) throw error;
    }
  }

  /** The v2 infohash (64 hex digits) of a hybrid's v1 infohash (40), if an audit has shown it. */
  v2Of(infoHashV1: string): string | undefined {
    return this.#v2OfV1.get(infoHashV1);
  }

  /** The magnet link of an infohash (64 hex digits): with `btih` and `dn` once they are known. */
  magnetOf(infoHashV2: string, announceUrl: string): string {
    const known = this.#known.get(infoHashV2);
    return formatMagnet({
      infoHashV2: infoHashOf(infoHashV2),
      ...(known?.infoHashV1 && { infoHashV1: known.infoHashV1 }),
      ...(known && { name: known.name }),
      trackers: [announceUrl],
    });
  }

  #remember(infoHashV2: string, { name, infoHashV1 }: Metainfo, isKept: boolean): void {
    this.#known.set(infoHashV2, { name, infoHashV1, isKept });
    if (infoHashV1 === undefined) return;
    this.#v2OfV1.set(toHex(infoHashV1), infoHashV2);
    this.#swarms.join(toHex(infoHashV1), infoHashOf(infoHashV2));
  }
}

/** The infohash of 64 hex digits. */
export function infoHashOf(hex: string): InfoHashV2 {
  return brandBytes('InfoHashV2', fromHex(hex));
}
