import { concatBytes, fromHex } from '../bytes/index.ts';
import { makeStatement, type StatementOf } from '../statement/browser.ts';
import { servesPlatform } from './electorate.ts';
import type { Moment } from './life.ts';
import { drawLots, lotNumber } from './lottery.ts';
import { type Refusal, refuse } from './refusal.ts';
import { seedOfEntry } from './seed.ts';
import type { Entry, Poll, ReleaseState, Tally } from './state.ts';
import { isTimely } from './windows.ts';

const LABEL = 'bitquorum/canary/v1\0';
/** Where the lottery's places for variants begin, far from those for members. */
const VARIANT_PLACES = 0x8000_0000;

/** A group of builders and the variant that it rebuilds, as the lot drew both. */
export interface CanaryGroup {
  readonly variant: number;
  /** Identities, sorted. */
  readonly members: readonly string[];
}

/** A founder's rebuild of what the members of a group differ on. */
export interface Rebuild {
  readonly index: number;
  readonly key: string;
  readonly infoHashV2: string;
}

/** A canary: a variant that nobody has published, rebuilt by one group. */
export interface CanaryState extends Poll {
  /** SHA-256 of its payload. */
  readonly digest: string;
  readonly index: number;
  readonly release: ReleaseState;
  readonly group: number;
  readonly variant: number;
  readonly members: readonly string[];
  phase: 'committing' | 'voting' | 'final' | 'contested' | 'failed';
  /** What founders outside the group came to when its members differed, one rebuild a founder. */
  readonly rebuilds: Rebuild[];
  verdict: (Moment & { readonly infoHashV2: string | null }) | undefined;
}

/**
 * Draws the canary groups of a release when it is closed: among those who committed to it, serve its platform and
 * are not revoked, on the panel or not, by the lottery with `SHA-256(seed of close ‖ release)`; who only copies what
 * upstream published cannot build them. A group that is not full is not drawn.
 */
export function planCanaries(tally: Tally, release: ReleaseState, moment: Moment): void {
  const { group: size, perRelease } = release.rules.canary;
  const variants = release.predicate.canaryVariants;
  if (variants === 0 || perRelease === 0 || release.canaryGroups.length > 0) return;
  const { sha256 } = tally.context;
  const seed = sha256(concatBytes(seedOfEntry(tally, LABEL, moment), fromHex(release.digest)));
  const drawn = drawLots(sha256, seed, poolOf(tally, release), size * perRelease);
  for (let group = 0; (group + 1) * size <= drawn.length; group += 1) {
    release.canaryGroups.push({
      variant: lotNumber(sha256, seed, VARIANT_PLACES + group) % variants,
      members: drawn.slice(group * size, (group + 1) * size).sort(),
    });
  }
  if (release.canaryGroups.length > 0) tally.canaryReleases.add(release.digest);
}

function poolOf(tally: Tally, release: ReleaseState): string[] {
  const pool: string[] = [];
  for (const [key, ballot] of release.ballots) {
    if (ballot.commit === undefined || ballot.equivocationIndex !== undefined) continue;
    const builder = tally.builders.get(key);
    if (builder === undefined || builder.life.revoked !== undefined) continue;
    if (servesPlatform(builder, release.predicate.platform)) pool.push(key);
  }
  return pool.sort();
}

/** The `canary` that the log owes a release for its next group; undefined when it owes none. */
export function canaryStatement(
  tally: Tally,
  release: ReleaseState,
  timeMs: number,
): StatementOf<'canary'> | undefined {
  const group = release.canariesLogged;
  const drawn = release.canaryGroups[group];
  if (drawn === undefined) return undefined;
  return makeStatement(
    'canary',
    { name: release.predicate.package, sha256: release.digest },
    {
      origin: tally.context.origin,
      timeMs,
      release: release.digest,
      group,
      variant: drawn.variant,
      members: [...drawn.members],
      ...windowsFrom(release, timeMs),
    },
  );
}

export function judgeCanary(
  tally: Tally,
  { subject, predicate }: StatementOf<'canary'>,
): Refusal | undefined {
  const release = tally.releases.get(predicate.release);
  if (release === undefined)
    return refuse('unknown-release', `release ${predicate.release} is not in this log`);
  if (subject.name !== release.predicate.package) {
    return refuse('wrong-subject', `release ${release.digest} is ${release.predicate.package}`);
  }
  if (release.canaryGroups[predicate.group] === undefined) {
    return refuse('too-early', `no group ${predicate.group} of canaries was drawn for this release`);
  }
  if (predicate.group === release.canariesLogged) return undefined;
  return refuse('duplicate', `the next group of this release is ${release.canariesLogged}`);
}

/** What a `canary` says that the count does not confirm. */
export function faultOfCanary(
  tally: Tally,
  { predicate }: StatementOf<'canary'>,
  timeMs: number,
): string | undefined {
  const release = tally.releases.get(predicate.release);
  const drawn = release?.canaryGroups[predicate.group];
  if (release === undefined || drawn === undefined) return undefined;
  if (!isTimely(predicate.timeMs, timeMs)) {
    return `canary names the time ${predicate.timeMs}, and its receipt time is ${timeMs}`;
  }
  if (predicate.variant !== drawn.variant || predicate.members.join() !== drawn.members.join()) {
    return 'canary names another variant or other members than the lot drew';
  }
  const due = windowsFrom(release, predicate.timeMs);
  if (predicate.commitEndsMs === due.commitEndsMs && predicate.voteEndsMs === due.voteEndsMs)
    return undefined;
  return 'canary names other windows than the policy and its own time give';
}

/** Opens a canary for its members' commitments, with the group that the lot drew. */
export function applyCanary(tally: Tally, { predicate }: StatementOf<'canary'>, entry: Entry): void {
  const release = tally.releases.get(predicate.release);
  const drawn = release?.canaryGroups[predicate.group];
  if (release === undefined || drawn === undefined) return;
  const timeMs = isTimely(predicate.timeMs, entry.timeMs) ? predicate.timeMs : entry.timeMs;
  release.canariesLogged += 1;
  if (release.canariesLogged === release.canaryGroups.length) tally.canaryReleases.delete(release.digest);
  const digest = entry.payloadDigest;
  tally.canaries.set(digest, {
    digest,
    index: entry.index,
    release,
    group: predicate.group,
    ...drawn,
    phase: 'committing',
    ...windowsFrom(release, timeMs),
    closeIndex: undefined,
    ballots: new Map(),
    said: new Map(),
    committed: 0,
    rebuilds: [],
    verdict: undefined,
  });
  tally.openCanaries.add(digest);
}

function windowsFrom({ rules }: ReleaseState, timeMs: number): { commitEndsMs: number; voteEndsMs: number } {
  const commitEndsMs = timeMs + rules.canary.commitSeconds * 1000;
  return { commitEndsMs, voteEndsMs: commitEndsMs + rules.canary.voteSeconds * 1000 };
}
