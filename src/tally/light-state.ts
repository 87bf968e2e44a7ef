import { createMapHasher, MerkleMap } from '../merkle/index.ts';
import { parsePackageUrl, type Sha256Function } from '../statement/browser.ts';
import type { PolicyInForce, ReleaseState, Tally } from './state.ts';

/** What the state map has keys for. */
export type LightKey = 'policy' | `${'policy' | 'builder' | 'release' | 'name' | 'newest'}:${string}`;

/** States that monitors may still be signing while later ones come. */
export const RECENT_STATES = 8;

/** What the log's last `state` entry says, and what has changed since. */
export interface LightState {
  /** The map whose root the last `state` carries. */
  map: MerkleMap;
  /** The last `state` entries with their maps, the newest last; at most {@link RECENT_STATES}. */
  readonly recent: { readonly index: number; readonly map: MerkleMap }[];
  /** The map that grows with the entries, for the next `state`. */
  readonly next: MerkleMap;
  /** Keys whose values may be others than those in `next`; a matter of when it is brought up to date, not of what is. */
  readonly dirty: Set<LightKey>;
  /** Whether something happened that a `state` follows at once. */
  wanted: boolean;
  /** The last `state`, recomputed. */
  last: { readonly index: number; readonly size: number; readonly root: string } | undefined;
  /** Receipt time of the last `state`, or of the first policy. */
  sinceMs: number | undefined;
  /** Package URL without version → digests of the release that became final last, and of the last urgent one. */
  readonly newest: Map<string, { readonly final?: string; readonly urgent?: string }>;
  /** Every policy that was taken, in the log's order; and whoever was a founder by one. */
  readonly policies: PolicyInForce[];
  readonly founders: Set<string>;
  /** Release → the entries that asked for a revote. */
  readonly revotes: Map<string, number[]>;
}

/** The state of a count that has counted nothing. */
export function emptyLightState(sha256: Sha256Function): LightState {
  const next = new MerkleMap(createMapHasher(sha256));
  return {
    map: next.copy(),
    next,
    recent: [],
    dirty: new Set(),
    wanted: false,
    last: undefined,
    sinceMs: undefined,
    newest: new Map(),
    policies: [],
    founders: new Set(),
    revotes: new Map(),
  };
}

/** Notes that a value of the state map may have changed. */
export function markDirty(tally: Tally, ...keys: readonly LightKey[]): void {
  for (const key of keys) tally.light.dirty.add(key);
}

/** Notes that something happened that clients should learn of at once: a `state` is due right after it. */
export function wantState(tally: Tally): void {
  tally.light.wanted = true;
}

/** Notes a final release: the newest of its package. */
export function noteFinal(tally: Tally, { digest, predicate }: ReleaseState): void {
  const name = packageOf(predicate.package);
  tally.light.newest.set(name, { ...tally.light.newest.get(name), final: digest });
  markDirty(tally, `newest:${name}`);
}

/** Notes an urgent release of an authorised publisher: whoever wants an older one should hear of it at once. */
export function noteUrgent(tally: Tally, { digest, predicate }: ReleaseState): void {
  const name = packageOf(predicate.package);
  tally.light.newest.set(name, { ...tally.light.newest.get(name), urgent: digest });
  markDirty(tally, `newest:${name}`);
  wantState(tally);
}

/** A package URL without its version and qualifiers: what all versions of a package share. */
export function packageOf(packageUrl: string): string {
  const { version } = parsePackageUrl(packageUrl);
  if (version === undefined) return packageUrl;
  const at = packageUrl.lastIndexOf('@');
  return packageUrl.slice(0, at);
}
