import type { Reach } from '../connection/address-policy.ts';

/** Which trackers of tiers are announced to, see {@link chainsOf}. */
export type AnnounceTo = 'first' | 'every-tier' | 'every-tracker';

/** Trackers of which one is announced to: tiers in order, those of one tier in any order (BEP 12). */
export interface TrackerChain {
  readonly tiers: readonly (readonly string[])[];
  /** How near to us these trackers may be. */
  readonly reach: Reach;
}

/** Most trackers of one swarm; those that the user names come first. */
const MAXIMUM_TRACKERS = 50;

/** What can be announced to by this engine; WebSocket trackers cannot. */
export function isAnnounceUrl(url: string): boolean {
  return /^(https?|udp):/i.test(url) && URL.canParse(url);
}

/**
 * The chains of a swarm. What the user names comes first: each tracker that stands alone is asked, lists are tiers. Then
 * come the tiers of the torrent or magnet link. Of tiers, `first` announces to the first tracker that answers (BEP 12),
 * `every-tier` to one of each tier, `every-tracker` to all. A tracker that comes twice is taken once, and at most 50 are
 * taken.
 */
export function chainsOf(
  named: readonly (string | readonly string[])[],
  carried: TrackerChain,
  announceTo: AnnounceTo,
): TrackerChain[] {
  const seen = new Set<string>();
  const fresh = (urls: readonly string[]): string[] =>
    urls.filter((url) => {
      if (seen.size >= MAXIMUM_TRACKERS || seen.has(url) || !isAnnounceUrl(url)) return false;
      seen.add(url);
      return true;
    });
  const single = named.filter((entry) => typeof entry === 'string');
  const tiers = named.filter((entry) => typeof entry !== 'string');
  return [
    ...fresh(single).map((url): TrackerChain => ({ tiers: [[url]], reach: 'named' })),
    ...split(tiers.map(fresh), 'named', announceTo),
    ...split(carried.tiers.map(fresh), carried.reach, announceTo),
  ];
}

function split(
  tiers: readonly (readonly string[])[],
  reach: Reach,
  announceTo: AnnounceTo,
): readonly TrackerChain[] {
  const filled = tiers.filter((tier) => tier.length > 0);
  if (announceTo === 'first') return filled.length > 0 ? [{ tiers: filled, reach }] : [];
  const parts = announceTo === 'every-tier' ? filled : filled.flat().map((url) => [url]);
  return parts.map((tier) => ({ tiers: [tier], reach }));
}

/** The order in which the trackers of one chain are tried: tiers in order, shuffled inside, whoever answered in front. */
export class TrackerOrder {
  readonly #tiers: string[][];

  constructor(chain: TrackerChain, random: () => number) {
    this.#tiers = chain.tiers.map((tier) => shuffled(tier, random));
  }

  /** The tracker at a place of the order; `undefined` behind the last one. */
  at(place: number): string | undefined {
    return this.#tiers.flat()[place];
  }

  /** Moves a tracker to the front of its tier (BEP 12). */
  answered(url: string): void {
    for (const tier of this.#tiers) {
      const at = tier.indexOf(url);
      if (at > 0) tier.unshift(...tier.splice(at, 1));
    }
  }
}

function shuffled(urls: readonly string[], random: () => number): string[] {
  const order = [...urls];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as string, order[last] as string];
  }
  return order;
}
