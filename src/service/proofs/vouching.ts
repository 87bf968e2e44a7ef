import { PROOF_BUNDLE_LIMITS, type ProvedState, type ProvedValue } from '../../log/index.ts';
import type { MerkleMap } from '../../merkle/index.ts';
import { parseNote, parseVkey } from '../../note/index.ts';
import type { LightState, PolicyInForce, Tally } from '../../tally/index.ts';

/** A state that a proof shows, with the map behind it where that is at hand. */
interface Shown {
  readonly state: ProvedState;
  readonly map?: MerkleMap;
}

/**
 * For each policy after the first the state by which monitors of the policy before vouch for it: the newest, where they have
 * signed that, else the one that was kept. Where they vouch for nothing, or were never named, there is none; nor for the
 * oldest policies where a proof has no room for all, which whoever knows a later one does without.
 *
 * @param size entries that are published
 */
export function statesWithVouchers(
  tally: Tally,
  size: number,
  newest: Required<Shown>,
  voucher: (policy: number) => ProvedState | undefined,
): { readonly state: ProvedState; readonly earlier: readonly ProvedState[] } {
  let { state } = newest;
  const earlier = new Map<number, ProvedState>();
  for (const policy of tally.light.policies.toReversed()) {
    const key = `policy:${policy.index}`;
    if (isVouched(tally, policy, state) && newest.map.get(key) !== undefined) {
      if (state.values.length === PROOF_BUNDLE_LIMITS.values) break;
      state = withValues(state, [provedValue(newest.map, key)]);
      continue;
    }
    const kept = voucher(policy.index);
    if (kept === undefined || kept.index >= size) continue;
    const shown = earlier.get(kept.index);
    const hasRoom =
      shown === undefined
        ? earlier.size < PROOF_BUNDLE_LIMITS.earlier
        : shown.values.length < PROOF_BUNDLE_LIMITS.earlierValues;
    if (!hasRoom) break;
    earlier.set(kept.index, withValues(shown ?? kept, kept.values));
  }
  return { state, earlier: [...earlier.values()].toSorted((left, right) => left.index - right.index) };
}

/**
 * The policies for which a state, as signed now, is the voucher: each with the state and what proves that it holds the
 * policy. `recent` are the states whose maps are at hand.
 */
export function vouchersBy(
  tally: Tally,
  index: number,
  note: Uint8Array,
): { readonly policy: number; readonly voucher: ProvedState }[] {
  const map = tally.light.recent.find((each) => each.index === index)?.map;
  if (map === undefined) return [];
  return tally.light.policies
    .filter((policy) => isVouched(tally, policy, { index, note }))
    .map((policy) => ({
      policy: policy.index,
      voucher: { index, values: [provedValue(map, `policy:${policy.index}`)], note },
    }));
}

export function provedValue(map: MerkleMap, key: string): ProvedValue {
  const value = map.get(key);
  return { key, ...(value !== undefined && { value }), proof: map.prove(key) };
}

/** Whether as many of some monitors have signed a note as must. What it carries was verified when it came. */
export function isSignedBy(note: Uint8Array | undefined, { keys, quorum }: Monitors): boolean {
  if (quorum === 0) return true;
  if (note === undefined) return false;
  const signed = new Set(parseNote(note).signatures.map(({ name, keyId }) => `${name}+${keyId}`));
  const names = keys.map(parseVkey).map(({ name, keyId }) => `${name}+${keyId}`);
  return names.filter((name) => signed.has(name)).length >= quorum;
}

type Monitors = PolicyInForce['rules']['monitors'];

/** Whether the monitors of the policy by which another was judged have signed a state that came after it. */
function isVouched(
  { light }: { readonly light: LightState },
  { index, judge }: PolicyInForce,
  state: Pick<ProvedState, 'index' | 'note'>,
): boolean {
  const monitors = light.policies.find((each) => each.index === judge)?.rules.monitors;
  if (monitors === undefined || monitors.quorum === 0) return false;
  return state.index > index && isSignedBy(state.note, monitors);
}

/** A state with further values, sorted, each once. */
function withValues(state: ProvedState, values: readonly ProvedValue[]): ProvedState {
  const all = new Map([...state.values, ...values].map((value) => [value.key, value]));
  return { ...state, values: [...all.values()].toSorted((left, right) => (left.key < right.key ? -1 : 1)) };
}
