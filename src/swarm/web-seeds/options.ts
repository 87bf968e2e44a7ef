import type { Reach } from '../connection/address-policy.ts';
import type { TorrentSource } from '../source.ts';
import type { WebSeedAddress } from './web-seed.ts';

/** HTTP servers that a download may fetch from (BEP 19). None is asked that is not said here. */
export interface WebSeedOptions {
  /** Web seeds, wherever they stand. */
  readonly webSeeds?: readonly string[];
  /** Fetches from the web seeds of the torrent (`url-list`) or magnet link (`ws`) too. Default `false`. */
  readonly sourceWebSeeds?: boolean;
}

/** The web seeds that may be asked; `reach`: how near to us those that the source names may stand. */
export function webSeedsOf(
  { webSeeds = [], sourceWebSeeds = false }: WebSeedOptions,
  source: TorrentSource,
  reach: Reach,
): readonly WebSeedAddress[] {
  const named = webSeeds.map((url) => ({ url, reach: 'named' as const }));
  const carried = sourceWebSeeds ? source.webSeeds.map((url) => ({ url, reach })) : [];
  return [...named, ...carried];
}
