import { type Predicate, publicKeyOf, type StatementOf } from '../statement/browser.ts';
import { enrol, marksOf, withdraw } from './electorate.ts';
import { revokedBefore } from './keys.ts';
import { newLife } from './life.ts';
import { refreshStanding } from './membership.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { BuilderState, Entry, Tally } from './state.ts';

/**
 * A builder's registration is signed by the key it names, and by nobody else. A later one is signed by the key that
 * the builder has then and acts from its own index on; the digest of the next key stays, so that a thief cannot
 * choose his successor.
 * An announce digest belongs to whoever registered it first: else a builder could be audited at another's
 * address.
 */
export function judgeBuilder(
  tally: Tally,
  { subject, predicate }: StatementOf<'builder'>,
  signers: readonly string[],
): Refusal | undefined {
  const key = subject.sha256;
  const known = tally.builders.get(key);
  const gone = known && revokedBefore(known);
  if (gone !== undefined) return gone;
  const currentKey = known?.life.currentKey ?? key;
  if (signers.length !== 1 || signers[0] !== currentKey) {
    return refuse('wrong-signer', 'a builder is registered by its own key alone');
  }
  if (publicKeyOf(predicate.vkey) !== currentKey) {
    return refuse('wrong-content', 'its vkey is of another key than the one that signs for the builder');
  }
  const user = tally.rotatedKeys.get(key);
  if (user !== undefined) return refuse('taken', `this key stands for builder ${user}, which rotated to it`);
  if (known !== undefined && known.predicate.nextKey !== predicate.nextKey) {
    return refuse(
      'taken',
      `this builder committed to another next key in entry ${known.life.keyEntries.at(-1)}`,
    );
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
  tally.announceOwners.set(predicate.announceDigest, key);
  if (known !== undefined) {
    if (known.predicate.announceDigest !== predicate.announceDigest) {
      tally.announceOwners.delete(known.predicate.announceDigest);
    }
    if (known.life.memberSince !== undefined) withdraw(tally, known);
    known.predicate = kept(tally, predicate);
    known.updatedIndex = entry.index;
    declareMarks(known, entry.index);
    if (known.life.memberSince !== undefined) enrol(tally, known);
    refreshStanding(tally, known, entry);
    return;
  }
  const builder: BuilderState = {
    key,
    registeredIndex: entry.index,
    registeredMs: entry.timeMs,
    updatedIndex: entry.index,
    predicate: kept(tally, predicate),
    record: { matched: 0, dissented: 0, unopened: 0, equivocated: 0 },
    life: newLife(key, entry.index),
  };
  declareMarks(builder, entry.index);
  tally.builders.set(key, builder);
  refreshStanding(tally, builder, entry);
}

/** A registration as the count keeps it: the origin, which all have in common, once. */
function kept(tally: Tally, predicate: Predicate<'builder'>): Predicate<'builder'> {
  return { ...predicate, origin: tally.context.origin };
}

/** What a builder declares from an entry on; what it declared before keeps its age. */
function declareMarks({ predicate, life }: BuilderState, index: number): void {
  const former = life.marks;
  life.marks = new Map(marksOf(predicate).map((mark) => [mark, former.get(mark) ?? index]));
}
