import type { PolicyRules, StatementOf } from '../statement/browser.ts';
import { startAdmissions } from './admission.ts';
import { foundersSigningPolicy } from './keys.ts';
import { markDirty, wantState } from './light-state.ts';
import { followPolicy } from './membership.ts';
import { type Refusal, refuse } from './refusal.ts';
import { BOUNDS, type Entry, type PolicyInForce, type Tally } from './state.ts';

/** How far ahead a later policy must be announced. */
const NOTICE_MS = 14 * 86_400_000;

/** The policy in force at a time at or after the last entry's. */
export function policyAt(tally: Tally, timeMs: number): PolicyInForce | undefined {
  return tally.pendingPolicies.findLast(({ effectiveMs }) => effectiveMs <= timeMs) ?? tally.policy;
}

/** Puts policies in force whose day has come. */
export function advancePolicy(tally: Tally): void {
  const former = tally.policy;
  const next = policyAt(tally, tally.timeMs);
  if (next === former) return;
  tally.policy = next;
  markDirty(tally, 'policy');
  followPolicy(tally, former, { index: tally.size - 1, timeMs: tally.timeMs });
  tally.pendingPolicies = tally.pendingPolicies.filter(({ effectiveMs }) => effectiveMs > tally.timeMs);
}

/**
 * A policy is signed by enough founders: the first (entry 0) by its own, a later one by those of the policy
 * in force, and then at least 14 days ahead of the day it names.
 */
export function judgePolicy(
  tally: Tally,
  { predicate }: StatementOf<'policy'>,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  const current = policyAt(tally, timeMs);
  const judges = current?.rules ?? predicate.rules;
  const signed = foundersSigningPolicy(tally, judges, signers, timeMs);
  if (signed < judges.foundersQuorum) {
    const whose = current === undefined ? 'its own founders' : 'the founders in force';
    return refuse(
      'wrong-signer',
      `a policy needs ${judges.foundersQuorum} of ${whose}, and ${signed} signed this one`,
    );
  }
  if (current === undefined) return undefined;
  if (predicate.effectiveMs < timeMs + NOTICE_MS) {
    return refuse(
      'bad-policy',
      'a later policy is logged at least 14 days before the day from which it holds',
    );
  }
  if (tally.pendingPolicies.length >= BOUNDS.pendingPolicies) {
    return refuse('bad-policy', `${BOUNDS.pendingPolicies} policies already wait for their day`);
  }
  return undefined;
}

/** Takes a policy that {@link judgePolicy} let pass. */
export function applyPolicy(tally: Tally, { subject, predicate }: StatementOf<'policy'>, entry: Entry): void {
  const first = tally.policy === undefined;
  const policy: PolicyInForce = {
    digest: subject.sha256,
    index: entry.index,
    payloadDigest: entry.payloadDigest,
    judge: tally.policy?.index,
    effectiveMs: first ? entry.timeMs : predicate.effectiveMs,
    rules: predicate.rules,
  };
  tally.blobs.add(subject.sha256);
  tally.light.policies.push(policy);
  markDirty(tally, `policy:${entry.index}`);
  for (const key of predicate.rules.founders) tally.light.founders.add(key);
  if (first) {
    tally.policy = policy;
    tally.light.sinceMs = entry.timeMs;
    markDirty(tally, 'policy');
    startAdmissions(tally, entry.timeMs);
    return;
  }
  // The monitors in force have to vouch for it by a `state` before its day: without one, proofs do not convince.
  if (tally.policy !== undefined && tally.policy.rules.monitors.quorum > 0) wantState(tally);
  const after = tally.pendingPolicies.findIndex(({ effectiveMs }) => effectiveMs > policy.effectiveMs);
  tally.pendingPolicies.splice(after < 0 ? tally.pendingPolicies.length : after, 0, policy);
}

/** Whether a key may publish a package: the longest prefix that fits decides, so a narrower rule is exclusive. */
export function mayPublish(rules: PolicyRules, packageUrl: string, key: string): boolean {
  let best: PolicyRules['publishers'][number] | undefined;
  for (const rule of rules.publishers) {
    if (packageUrl.startsWith(rule.prefix) && rule.prefix.length > (best?.prefix.length ?? 0)) best = rule;
  }
  return best?.keys.includes(key) ?? false;
}
