import { toHex } from '../bytes/index.ts';
import type { MerkleMap } from '../merkle/index.ts';
import { makeStatement, type StatementOf } from '../statement/browser.ts';
import { type LightKey, RECENT_STATES } from './light-state.ts';
import { lightValue } from './light-values.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Tally } from './state.ts';

/** How long the log may go without a `state`. */
const DAY_MS = 86_400_000;

/** Changed values that wait for a `state`: what changes again meanwhile is hashed once. */
const WAITING = 16;
/** Changed values that an entry brings into the map at most, so that the few of a `state` are all that is left to it. */
const MOST_AT_ONCE = 8;
/** The forks above are hashed when a `state` is due: all changes have them in common. */
const COMMON_DEPTH = 7;

/** When the log owes the next `state`, if nothing happens before; undefined before there is a policy. */
export function stateDueMs({ light, policy, timeMs }: Tally): number | undefined {
  if (policy === undefined) return undefined;
  if (light.wanted) return timeMs;
  return light.sinceMs === undefined ? undefined : light.sinceMs + DAY_MS;
}

/** The `state` that the log owes after everything that was counted so far. */
export function stateStatement(tally: Tally, timeMs: number): StatementOf<'state'> {
  const { says } = takeState(tally);
  const { origin } = tally.context;
  return makeStatement('state', { name: 'state', sha256: says.root }, { origin, timeMs, ...says });
}

/** A `state` that was taken from the count. */
export interface TakenState {
  readonly says: Figures;
  readonly map: MerkleMap;
}

/** What a `state` says, computed. */
type Figures = Omit<StatementOf<'state'>['predicate'], 'origin' | 'timeMs'>;

/**
 * What a `state` has to say that is the next entry, and the map with all changes in it. To be asked before that entry
 * moves anything, its time included. What the count has come to stays as it is.
 */
export function takeState(tally: Tally): TakenState {
  const { next, dirty } = tally.light;
  for (const key of dirty) renew(tally, key);
  dirty.clear();
  return { says: figuresOf(tally, next), map: next.copy() };
}

/**
 * Brings changed values into the map, the oldest changes first, a few at a time: to be called after each entry, so
 * that a `state` finds little to do.
 */
export function growMap(tally: Tally): void {
  const { next, dirty } = tally.light;
  if (dirty.size <= WAITING) return;
  let left = Math.min(MOST_AT_ONCE, dirty.size - WAITING);
  for (const key of dirty) {
    if (left === 0) return;
    left -= 1;
    dirty.delete(key);
    renew(tally, key);
    next.hashBelow(COMMON_DEPTH, key);
  }
}

function renew(tally: Tally, key: LightKey): void {
  const { next } = tally.light;
  const value = lightValue(tally, key);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
}

/** No `state` comes before it is due. */
export function judgeState(tally: Tally, timeMs: number): Refusal | undefined {
  const dueMs = stateDueMs(tally);
  if (dueMs !== undefined && timeMs >= dueMs) return undefined;
  return refuse('too-early', 'no state is due: one follows each verdict, and else a day');
}

/** What a `state` says that the count does not confirm, which was asked just before it. */
export function faultOfState({ predicate }: StatementOf<'state'>, { says }: TakenState): string | undefined {
  const wrong = (Object.keys(says) as (keyof Figures)[]).find((key) => predicate[key] !== says[key]);
  return wrong && `state says ${wrong} ${predicate[wrong]}, and the count says ${says[wrong]}`;
}

/** Keeps a `state` that {@link judgeState} let pass, as it was recomputed. */
export function applyState(tally: Tally, { says, map }: TakenState, entry: Entry): void {
  const { light } = tally;
  light.wanted = false;
  light.sinceMs = entry.timeMs;
  light.map = map;
  light.last = { index: entry.index, size: says.size, root: says.root };
  light.recent.push({ index: entry.index, map });
  if (light.recent.length > RECENT_STATES) light.recent.shift();
}

function figuresOf(tally: Tally, map: MerkleMap): Figures {
  return {
    size: tally.size,
    root: toHex(map.root()),
    builders: tally.builders.size,
    eligible: tally.eligibleCount,
    releases: tally.releases.size,
    names: tally.names.size,
    policy: tally.policy?.digest ?? '',
  };
}
