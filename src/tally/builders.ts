import { publicKeyOf, type StatementOf } from '../statement/browser.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Tally } from './state.ts';
import { markDirty } from './state-map.ts';

/**
 * A builder's registration is signed by the key it names, and by nobody else. A later one by the same key
 * acts from its own index on; the digest of the next key stays, so that a thief cannot choose his successor.
 * An announce digest belongs to whoever registered it first: else a builder could be audited at another's
 * address.
 */
export function judgeBuilder(
  tally: Tally,
  { subject, predicate }: StatementOf<'builder'>,
  signers: readonly string[],
): Refusal | undefined {
  const key = subject.sha256;
  if (signers.length !== 1 || signers[0] !== key) {
    return refuse('wrong-signer', 'a builder is registered by its own key alone');
  }
  if (publicKeyOf(predicate.vkey) !== key) {
    return refuse('wrong-content', 'its vkey is of another key than the one that names the builder');
  }
  const known = tally.builders.get(key);
  if (known !== undefined && known.predicate.nextKey !== predicate.nextKey) {
    return refuse('taken', `this builder committed to another next key in entry ${known.registeredIndex}`);
  }
  const owner = tally.announceOwners.get(predicate.announceDigest);
  if (owner !== undefined && owner !== key) {
    return refuse('taken', `this announce digest belongs to builder ${owner}: derive it from your own key`);
  }
  return undefined;
}

/** Takes a registration that {@link judgeBuilder} let pass. */
export function applyBuilder(
  tally: Tally,
  { subject, predicate }: StatementOf<'builder'>,
  entry: Entry,
): void {
  const key = subject.sha256;
  const known = tally.builders.get(key);
  markDirty(tally, `builder:${key}`);
  tally.announceOwners.set(predicate.announceDigest, key);
  if (known !== undefined) {
    if (known.predicate.announceDigest !== predicate.announceDigest) {
      tally.announceOwners.delete(known.predicate.announceDigest);
    }
    known.predicate = predicate;
    known.updatedIndex = entry.index;
    return;
  }
  tally.builders.set(key, {
    key,
    registeredIndex: entry.index,
    registeredMs: entry.timeMs,
    updatedIndex: entry.index,
    predicate,
    record: { matched: 0, dissented: 0, unopened: 0, equivocated: 0 },
  });
}
