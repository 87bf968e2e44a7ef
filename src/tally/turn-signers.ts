import { foundersSigning } from './keys.ts';
import { mayPublish, policyAt } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { ReleaseState, Tally } from './state.ts';

/**
 * Whether a signer may speak for a release: who may publish its name now, so that a publisher's key which the
 * policy dropped speaks for nothing; of a release without a name, whoever signed it.
 */
export function isByPublisher(
  tally: Tally,
  release: ReleaseState,
  signers: readonly string[],
  timeMs: number,
): boolean {
  if (!release.authorised) return signers.includes(release.publisher);
  const rules = policyAt(tally, timeMs)?.rules;
  return rules !== undefined && signers.some((key) => mayPublish(rules, release.predicate.package, key));
}

/** Why a publisher alone ends a release no more, if so. */
export function liftedBefore({ lifted }: ReleaseState): Refusal | undefined {
  if (lifted === undefined) return undefined;
  return refuse(
    'wrong-signer',
    `founders let this release stand again in entry ${lifted.index}: now it takes as many of them as sign a policy`,
  );
}

/** Whether as many founders signed as sign a policy. */
export function isByFounders(tally: Tally, signers: readonly string[], timeMs: number): boolean {
  const rules = policyAt(tally, timeMs)?.rules;
  return rules !== undefined && foundersSigning(tally, rules, signers, timeMs) >= rules.foundersQuorum;
}
