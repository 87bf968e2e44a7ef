import { toHex } from '../bytes/index.ts';
import type { MerkleMap } from '../merkle/index.ts';
import { makeStatement, type StatementOf } from '../statement/browser.ts';
import type { LightKey } from './light-state.ts';
import { lightValue } from './light-values.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Tally } from './state.ts';

/** How long the log may go without a `state`. */
const DAY_MS = 86_400_000;

/** When the log owes the next `state`, if nothing happens before; undefined before there is a policy. */
export function stateDueMs({ light, policy, timeMs }: Tally): number | undefined {
  if (policy === undefined) return undefined;
  if (light.wanted) return timeMs;
  return light.sinceMs === undefined ? undefined : light.sinceMs + DAY_MS;
}

/** The `state` that the log owes after everything that was counted so far. */
export function stateStatement(tally: Tally, timeMs: number): StatementOf<'state'> {
  const says = stateNow(tally);
  const { origin } = tally.context;
  return makeStatement('state', { name: 'state', sha256: says.root }, { origin, timeMs, ...says });
}

/** What a `state` says that is the next entry; the count stays as it is. */
export function stateNow(tally: Tally): Figures {
  const { says, undo } = takeState(tally);
  undo();
  return says;
}

/** A `state` that was taken from the count: it may be taken back. */
export interface TakenState {
  readonly says: Figures;
  readonly undo: () => void;
}

/** What a `state` says, computed. */
type Figures = Omit<StatementOf<'state'>['predicate'], 'origin' | 'timeMs'>;

/**
 * Puts all changes into the map: what a `state` that is the next entry has to say. To be asked before that entry
 * moves anything, its time included.
 */
export function takeState(tally: Tally): TakenState {
  const { map, dirty } = tally.light;
  const former: [LightKey, string | undefined][] = [];
  for (const key of dirty) {
    const value = lightValue(tally, key);
    const before = map.get(key);
    if (value === before) continue;
    former.push([key, before]);
    put(map, key, value);
  }
  const keys = [...dirty];
  dirty.clear();
  return {
    says: figuresOf(tally),
    undo: () => {
      for (const [key, value] of former) put(map, key, value);
      for (const key of keys) dirty.add(key);
    },
  };
}

function put(map: MerkleMap, key: string, value: string | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** A `state` is the log's own, and not before it is due. */
export function judgeState(tally: Tally, signers: readonly string[], timeMs: number): Refusal | undefined {
  if (!signers.includes(tally.context.logKey)) return refuse('wrong-signer', 'only the log signs a state');
  const dueMs = stateDueMs(tally);
  if (dueMs !== undefined && timeMs >= dueMs) return undefined;
  return refuse('too-early', 'no state is due: one follows each verdict, and else a day');
}

/** What a `state` says that the count does not confirm, which was asked just before it. */
export function faultOfState({ predicate }: StatementOf<'state'>, says: Figures): string | undefined {
  const wrong = (Object.keys(says) as (keyof Figures)[]).find((key) => predicate[key] !== says[key]);
  return wrong && `state says ${wrong} ${predicate[wrong]}, and the count says ${says[wrong]}`;
}

/** Keeps a `state` that {@link judgeState} let pass, as it was recomputed. */
export function applyState(tally: Tally, { says }: TakenState, entry: Entry): void {
  const { light } = tally;
  light.wanted = false;
  light.sinceMs = entry.timeMs;
  light.last = { index: entry.index, size: says.size, root: says.root };
}

function figuresOf(tally: Tally): Figures {
  return {
    size: tally.size,
    root: toHex(tally.light.map.root()),
    builders: tally.builders.size,
    eligible: tally.eligibleCount,
    releases: tally.releases.size,
    names: tally.names.size,
    policy: tally.policy?.digest ?? '',
  };
}
