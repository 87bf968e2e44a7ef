import type { StatementOf } from '../statement/browser.ts';
import { drawPanel } from './lot.ts';
import { mayPublish, policyAt } from './policy.ts';
import { type Refusal, refuse } from './refusal.ts';
import { BOUNDS, type Entry, type NameState, type ReleaseState, type Tally } from './state.ts';
import { markDirty } from './state-map.ts';

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
  const { commitFloorSeconds, voteFloorSeconds } = rules.windows;
  if (predicate.commitSeconds < commitFloorSeconds || predicate.voteSeconds < voteFloorSeconds) {
    return refuse(
      'window-below-floor',
      `the policy asks for at least ${commitFloorSeconds} s to commit and ${voteFloorSeconds} s to vote`,
    );
  }
  const known = digest === undefined ? undefined : tally.releases.get(digest);
  if (known === undefined) return undefined;
  const authorised = signers.some((key) => mayPublish(rules, predicate.package, key));
  if (known.authorised || !authorised) return refuse('duplicate', `this release is entry ${known.index}`);
  return undefined;
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

/** Takes a release that {@link judgeRelease} let pass, and draws its panel. */
export function applyRelease(tally: Tally, { predicate }: StatementOf<'release'>, entry: Entry): void {
  const rules = tally.policy?.rules;
  if (rules === undefined) return;
  const digest = entry.payloadDigest;
  const publisher = entry.signers.find((key) => mayPublish(rules, predicate.package, key));
  const authorised = publisher !== undefined;
  const rival = authorised && claimName(tally, predicate.package, digest);
  const release: ReleaseState = {
    digest,
    index: entry.index,
    timeMs: entry.timeMs,
    publisher: publisher ?? entry.signers[0] ?? '',
    authorised,
    rival,
    predicate,
    rules,
    draw: givenDraw(tally, digest) ?? drawPanel(tally, rules, predicate, digest, entry),
    phase: rival ? 'contested' : 'announced',
    open: undefined,
    commitEndsMs: 0,
    voteEndsMs: 0,
    closeIndex: undefined,
    verdict: undefined,
    ballots: new Map(),
    committed: 0,
  };
  tally.releases.set(digest, release);
  markDirty(tally, `release:${digest}`, `name:${predicate.package}`);
  tally.blobs.add(predicate.recipe.sha256);
  if (authorised && !rival) tally.unfinished.add(digest);
}

/** The panel of a release that the count was given, since it counts that release's entries alone. */
function givenDraw(tally: Tally, digest: string): ReleaseState['draw'] | undefined {
  const given = tally.context.given?.get(digest);
  return given && { ...given, onPanel: new Set(given.panel), leftOut: new Map() };
}

/**
 * Gives a name to a release, or records it as a rival: whether it is one. A name is free again only when the
 * release that had it failed for want of votes.
 */
function claimName(tally: Tally, packageUrl: string, digest: string): boolean {
  const name: NameState | undefined = tally.names.get(packageUrl);
  if (name === undefined) {
    tally.names.set(packageUrl, { live: digest, rivals: [] });
    return false;
  }
  const holder = tally.releases.get(name.live);
  if (holder?.phase === 'failed' && name.rivals.length === 0) {
    holder.phase = 'superseded';
    markDirty(tally, `release:${holder.digest}`);
    name.live = digest;
    return false;
  }
  if (name.rivals.length < BOUNDS.rivals) name.rivals.push(digest);
  return true;
}
