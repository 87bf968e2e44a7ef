import type { PolicyRules, Predicate, StatementOf } from '../statement/browser.ts';
import { foundersSigning } from './keys.ts';
import { emptyDraw, layOut } from './lay-out.ts';
import { markDirty, noteUrgent } from './light-state.ts';
import { quorumOf } from './lot.ts';
import { claimName, isCrowded, shownBy } from './names.ts';
import { mayPublish, policyAt } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';
import { BOUNDS, type Entry, type ReleaseState, type Tally } from './state.ts';

/**
 * A release keeps the policy's shortest windows. One by a key that may not publish its name is taken too: it
 * has no panel and resolves by digest only. Another signer's envelope of a known release changes nothing,
 * unless it is the authorised one: nobody can spoil a release by signing it first.
 */
export function judgeRelease(
  tally: Tally,
  { predicate }: StatementOf<'release'>,
  signers: readonly string[],
  timeMs: number,
  digest: string | undefined,
): Refusal | undefined {
  const rules = policyAt(tally, timeMs)?.rules;
  if (rules === undefined) return refuse('no-policy', 'no policy is in force');
  const { commitFloorSeconds, voteFloorSeconds } = floorsOf(rules, predicate);
  if (predicate.commitSeconds < commitFloorSeconds || predicate.voteSeconds < voteFloorSeconds) {
    return refuse(
      'window-below-floor',
      `the policy asks for at least ${commitFloorSeconds} s to commit and ${voteFloorSeconds} s to vote`,
    );
  }
  if (predicate.urgent) {
    const founders = foundersBeside(tally, rules, predicate.package, signers, timeMs);
    if (founders < rules.urgent.founders) {
      return refuse(
        'wrong-signer',
        `an urgent release is signed by ${rules.urgent.founders} founders beside its publisher, and ${founders} signed`,
      );
    }
  }
  const known = digest === undefined ? undefined : tally.releases.get(digest);
  const authorised = signers.some((key) => mayPublish(rules, predicate.package, key));
  if (authorised && known?.authorised !== true && isCrowded(tally, predicate.package)) {
    return refuse(
      'taken',
      `${BOUNDS.rivals} releases claim this name beside its holder: have them taken down`,
    );
  }
  if (known === undefined) return undefined;
  if (known.authorised || !authorised) return refuse('duplicate', `this release is entry ${known.index}`);
  return undefined;
}

/** The shortest windows that a release may ask for. */
export function floorsOf(
  rules: PolicyRules,
  { urgent }: Predicate<'release'>,
): { readonly commitFloorSeconds: number; readonly voteFloorSeconds: number } {
  return urgent ? rules.urgent : rules.windows;
}

/** How many founders signed beside the publisher, who may be a founder too. */
function foundersBeside(
  tally: Tally,
  rules: PolicyRules,
  packageUrl: string,
  signers: readonly string[],
  timeMs: number,
): number {
  const publisher = signers.find((key) => mayPublish(rules, packageUrl, key));
  return foundersSigning(
    tally,
    rules,
    signers.filter((key) => key !== publisher),
    timeMs,
  );
}

/** Whether any of a release's signers may publish its name under the policy in force. */
export function isAuthorised(
  tally: Tally,
  { predicate }: StatementOf<'release'>,
  signers: readonly string[],
  timeMs: number,
): boolean {
  const rules = policyAt(tally, timeMs)?.rules;
  return rules !== undefined && signers.some((key) => mayPublish(rules, predicate.package, key));
}

/** Takes a release that {@link judgeRelease} let pass, and announces it unless another holds its name. */
export function applyRelease(tally: Tally, { predicate }: StatementOf<'release'>, entry: Entry): void {
  const rules = tally.policy?.rules;
  if (rules === undefined) return;
  const digest = entry.payloadDigest;
  const publisher = entry.signers.find((key) => mayPublish(rules, predicate.package, key));
  const authorised = publisher !== undefined;
  const holder = tally.releases.get(tally.names.get(predicate.package)?.live ?? '');
  const rival = authorised && claimName(tally, predicate.package, digest, entry);
  const release: ReleaseState = {
    digest,
    index: entry.index,
    timeMs: entry.timeMs,
    publisher: publisher ?? entry.signers[0] ?? '',
    authorised,
    rival,
    predicate,
    rules,
    place: { index: entry.index, timeMs: entry.timeMs },
    round: 0,
    earlier: [],
    pool: undefined,
    lane: [],
    seed: null,
    draw: emptyDraw(quorumOf(rules, 0)),
    passed: new Map(),
    ended: undefined,
    lifted: undefined,
    phase: 'announced',
    open: undefined,
    commitEndsMs: 0,
    voteEndsMs: 0,
    closeIndex: undefined,
    verdict: undefined,
    ballots: new Map(),
    openedLate: undefined,
    shown: authorised && !rival && holder !== undefined ? shownBy(holder) : undefined,
    said: new Map(),
    committed: 0,
    canaryPlan: undefined,
    canaryGroups: [],
    canariesLogged: 0,
  };
  tally.releases.set(digest, release);
  markDirty(tally, `release:${digest}`, `name:${predicate.package}`);
  tally.blobs.add(predicate.recipe.sha256);
  if (authorised && !rival) layOut(tally, release, entry);
  if (authorised && !rival && predicate.urgent) noteUrgent(tally, release);
}
