import { ClientError } from '../errors.ts';
import { FULL_WORDS, type Reach } from '../levels.ts';
import type { KeptPolicy } from '../seen-policy.ts';
import type { CheckedProof } from './check-proof.ts';

/**
 * Holds a proof's policy against the one that this user saw last: a newer one must follow that, or monitors that were
 * known under that one must have signed the state. Throws `no-quorum`, and `stale` for an older policy.
 */
export function requireKnownPolicy(
  { tally, signersAmong, policies }: CheckedProof,
  seen: KeptPolicy | undefined,
  reach: Reach,
): void {
  const index = tally.policy?.index ?? 0;
  if (seen === undefined || index === seen.index) return;
  if (index < seen.index) {
    throw new ClientError(
      'stale',
      `the tally shows the policy of entry ${index}, and that of entry ${seen.index} was in force before: it holds back ` +
        'what came since. Ask again, or ask another tally',
    );
  }
  if (policies.holdsSeen) return;
  const { keys, quorum } = seen.monitors;
  const signed = signersAmong(keys);
  if (signed.length >= quorum) return;
  throw new ClientError(
    'no-quorum',
    `the policy has changed in entry ${index}, the proof passes over the one of entry ${seen.index} that you knew, and of the monitors that you knew ${signed.length} of ${quorum} have signed ` +
      `the state under the new one: ${FULL_WORDS[reach]}, and whether its founders were entitled to it; --level tally ` +
      'believes the tally',
  );
}
