import { fromHex, toHex } from '../bytes/index.ts';
import { type PolicyRules, publicKeyOf, type StatementOf } from '../statement/browser.ts';
import { DAY_MS } from './life.ts';
import { refreshStanding } from './membership.ts';
import { type Refusal, refuse } from './refusal.ts';
import { BOUNDS, type BuilderState, type Entry, type Tally } from './state.ts';
import { stopWaiting } from './tenure.ts';

/** The builder for which a key signs now, by its identity: its first key, for ever. */
export function identityOf(tally: Tally, key: string): string | undefined {
  const builder = tally.builders.get(tally.rotatedKeys.get(key) ?? key);
  // The builder's own copy of the text: a log repeats keys a million times, the count keeps each once.
  return builder?.life.currentKey === key ? builder.key : undefined;
}

/**
 * How many founders of some rules stand behind signatures: by their current keys, cooled, not revoked, and not
 * suspended for a divergence.
 */
export function foundersSigning(
  tally: Tally,
  rules: PolicyRules,
  signers: readonly string[],
  timeMs: number,
): number {
  return foundersAble(tally, rules, timeMs, false).filter((key) => signers.includes(key)).length;
}

/**
 * {@link foundersSigning}, for a policy: while fewer founders than must sign one are not suspended, the suspended sign
 * as well. Whatever made so many diverge, a release that builds in two ways or a rule that was wrong, only a policy
 * can mend it, and it shows 14 days ahead.
 */
export function foundersSigningPolicy(
  tally: Tally,
  rules: PolicyRules,
  signers: readonly string[],
  timeMs: number,
): number {
  const unsuspended = foundersAble(tally, rules, timeMs, false);
  const isLockedOut = unsuspended.length < rules.foundersQuorum;
  const able = isLockedOut ? foundersAble(tally, rules, timeMs, true) : unsuspended;
  return able.filter((key) => signers.includes(key)).length;
}

/** The keys by which founders of some rules sign at a time; of one that never registered, the one the rules name. */
function foundersAble(tally: Tally, rules: PolicyRules, timeMs: number, suspendedToo: boolean): string[] {
  return rules.founders.flatMap((identity) => {
    const life = tally.builders.get(identity)?.life;
    if (life === undefined) return [identity];
    const untilMs = suspendedToo ? life.coolingUntilMs : Math.max(life.coolingUntilMs, life.suspendedUntilMs);
    return life.revoked === undefined && untilMs <= timeMs ? [life.currentKey] : [];
  });
}

/**
 * A rotation is signed by the new key alone, whose SHA-256 the builder committed to before: whoever stole the old
 * key cannot rotate, whoever lost it can. No key ever stands for two builders.
 */
export function judgeRotate(
  tally: Tally,
  { predicate }: StatementOf<'rotate'>,
  signers: readonly string[],
): Refusal | undefined {
  const builder = tally.builders.get(predicate.builder);
  if (builder === undefined) return unknown(predicate.builder);
  const [signer] = signers;
  if (signer === undefined || signers.length !== 1 || publicKeyOf(predicate.vkey) !== signer) {
    return refuse('wrong-signer', 'a rotation is signed by the new key that it names, alone');
  }
  const gone = revokedBefore(builder);
  if (gone !== undefined) return gone;
  if (digestOf(tally, signer) !== builder.predicate.nextKey) {
    return refuse('wrong-signer', 'the builder committed to another next key');
  }
  if (tally.builders.has(signer) || tally.rotatedKeys.has(signer)) {
    return refuse('taken', 'the new key was a builder’s before: rotate to one that nobody has used');
  }
  if (builder.life.keyEntries.length >= BOUNDS.keys) {
    return refuse('taken', `this builder has had ${BOUNDS.keys} keys: register a new one`);
  }
  const owner = tally.announceOwners.get(predicate.announceDigest);
  if (owner !== undefined && owner !== builder.key) {
    return refuse('taken', `this announce digest belongs to builder ${owner}: derive it from your own key`);
  }
  return undefined;
}

/** Gives a builder its new key; it has no weight until the key has cooled. */
export function applyRotate(tally: Tally, { predicate }: StatementOf<'rotate'>, entry: Entry): void {
  const builder = tally.builders.get(predicate.builder);
  if (builder === undefined) return;
  const { life } = builder;
  const { vkey, nextKey, announceDigest } = predicate;
  tally.announceOwners.delete(builder.predicate.announceDigest);
  tally.announceOwners.set(announceDigest, builder.key);
  builder.predicate = { ...builder.predicate, vkey, nextKey, announceDigest };
  builder.updatedIndex = entry.index;
  life.currentKey = entry.signers[0] ?? '';
  tally.rotatedKeys.set(life.currentKey, builder.key);
  life.rotated = { index: entry.index, timeMs: entry.timeMs };
  const coolingMs = (tally.policy?.rules.coolingDays ?? 0) * DAY_MS;
  life.keyEntries.push(entry.index);
  if (coolingMs > 0) life.turns.push(entry.index);
  life.coolingUntilMs = entry.timeMs + coolingMs;
  refreshStanding(tally, builder, entry);
}

/** A builder is revoked by its current key, or by the next one, which its owner keeps elsewhere. */
export function judgeRevoke(
  tally: Tally,
  { predicate }: StatementOf<'revoke'>,
  signers: readonly string[],
): Refusal | undefined {
  const builder = tally.builders.get(predicate.builder);
  if (builder === undefined) return unknown(predicate.builder);
  const gone = revokedBefore(builder);
  if (gone !== undefined) return gone;
  const [signer] = signers;
  const isOwn =
    signer !== undefined &&
    signers.length === 1 &&
    (signer === builder.life.currentKey || digestOf(tally, signer) === builder.predicate.nextKey);
  return isOwn
    ? undefined
    : refuse('wrong-signer', 'a builder is revoked by its own key, or by the next one, and nobody else');
}

/** From here on the builder counts nowhere, for ever. */
export function applyRevoke(tally: Tally, { predicate }: StatementOf<'revoke'>, entry: Entry): void {
  const builder = tally.builders.get(predicate.builder);
  if (builder === undefined) return;
  builder.life.revoked = { index: entry.index, timeMs: entry.timeMs };
  builder.life.keyEntries.push(entry.index);
  builder.life.turns.push(entry.index);
  stopWaiting(tally, builder);
  refreshStanding(tally, builder, entry);
}

/** Why nothing of a revoked builder is taken any more. */
export function revokedBefore({ life }: BuilderState): Refusal | undefined {
  if (life.revoked === undefined) return undefined;
  return refuse('wrong-signer', `this builder was revoked in entry ${life.revoked.index}, for ever`);
}

function unknown(key: string): Refusal {
  return refuse('unknown-builder', `builder ${key} is not registered: log it first`);
}

function digestOf(tally: Tally, key: string): string {
  return toHex(tally.context.sha256(fromHex(key)));
}
