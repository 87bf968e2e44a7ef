import type { PolicyInForce, Tally } from '../../tally/index.ts';
import type { KeptPolicy } from '../seen-policy.ts';
import type { Stated } from './stated.ts';

/** How the policies of a proof follow one another; each is the index of a policy's entry. */
export interface PolicyChain {
  /** Whether the policy that this user saw last was in force among them. */
  readonly holdsSeen: boolean;
  /** The first for which the monitors that the policy before names do not vouch. */
  readonly unvouched: number | undefined;
  /** Where there are monitors now, the last whose policy before names none: it stands on its founders' keys alone. */
  readonly unwatched: number | undefined;
}

/**
 * Follows the policies that were in force, from the first or from the one that this user saw last: a proof can leave out
 * that the founders' keys behind one were revoked, but the monitors who counted the whole log before its day cannot have
 * signed a state that names it then. A state vouches for a policy when its map holds it and the quorum of the monitors
 * signed, of the policy that was in force when it was logged.
 */
export function followPolicies(
  { light, policy: current }: Tally,
  reigned: ReadonlySet<PolicyInForce>,
  states: readonly Stated[],
  seen: KeptPolicy | undefined,
): PolicyChain {
  const holdsSeen = [...reigned].some(({ index }) => index === seen?.index);
  const known = holdsSeen ? (seen?.index ?? 0) : 0;
  const isWatched = (current?.rules.monitors.quorum ?? 0) > 0;
  let unwatched: number | undefined;
  for (const policy of reigned) {
    if (policy.index <= known) continue;
    const judge = light.policies.find(({ index }) => index === policy.judge);
    const { keys = [], quorum = 0 } = judge?.rules.monitors ?? {};
    if (quorum === 0) unwatched = isWatched ? policy.index : undefined;
    else if (!states.some((state) => speaksOf(state, policy) && state.signersAmong(keys).length >= quorum)) {
      return { holdsSeen, unvouched: policy.index, unwatched };
    }
  }
  return { holdsSeen, unvouched: undefined, unwatched };
}

/** Whether a state's map holds a policy, as it stands in the log. */
function speaksOf({ values }: Stated, { index, payloadDigest }: PolicyInForce): boolean {
  const id = String(index);
  return values.speaksOf('policy', id) && values.readTaken(id)?.payload === payloadDigest;
}
