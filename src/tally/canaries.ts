import { makeStatement, type PolicyRules, type StatementOf } from '../statement/browser.ts';
import { servesPlatform } from './electorate.ts';
import type { Moment } from './life.ts';
import { type CosignedHead, canarySeed, isWitnessed, judgeSeed, type LotSeed, seedFrom } from './lot-seed.ts';
import { drawLots, lotNumber } from './lottery.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Entry, Poll, ReleaseState, Tally } from './state.ts';
import { isTimely } from './windows.ts';

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

/** Who may be drawn for the canaries of a release, and by which rules. */
export interface CanaryPlan {
  /** Of its `close`. */
  readonly place: Moment;
  readonly rules: PolicyRules;
  /** Identities, sorted; empty once the groups are drawn. */
  readonly pool: readonly string[];
  readonly groups: number;
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
 * Fixes, when a release is closed, who may be drawn for its canaries: those who committed to it, serve its platform and
 * are not revoked, on the panel or not; who only copies what upstream published cannot build them. Where the policy
 * names no witnesses, the groups are drawn at once, by the place of `close`. A group that is not full is not drawn.
 */
export function planCanaries(tally: Tally, release: ReleaseState, { index, timeMs }: Moment): void {
  const { group, perRelease } = release.rules.canary;
  if (release.predicate.canaryVariants === 0 || perRelease === 0 || release.canaryPlan !== undefined) return;
  const pool = poolOf(tally, release);
  const groups = Math.min(perRelease, Math.floor(pool.length / group));
  if (groups === 0) return;
  release.canaryPlan = { place: { index, timeMs }, rules: release.rules, pool, groups };
  if (!isWitnessed(release)) draw(tally, release, null);
  tally.canaryReleases.add(release.digest);
}

/** Whether the groups of a release wait for a cosigned checkpoint that holds its `close`. */
export function waitsForSeed({ canaryPlan, canaryGroups }: ReleaseState): boolean {
  return canaryPlan !== undefined && canaryGroups.length === 0;
}

/** Draws the groups by the lottery, and lets go of the others. */
function draw(tally: Tally, release: ReleaseState, seed: LotSeed | null): void {
  release.canaryGroups = groupsBy(tally, release, seed);
  if (release.canaryPlan !== undefined) release.canaryPlan = { ...release.canaryPlan, pool: [] };
}

/** The groups as a seed draws them, or as they were drawn. */
function groupsBy(tally: Tally, release: ReleaseState, seed: LotSeed | null): readonly CanaryGroup[] {
  const { canaryPlan: plan, canaryGroups, digest, predicate } = release;
  if (plan === undefined || canaryGroups.length > 0) return canaryGroups;
  const { sha256 } = tally.context;
  const { group: size } = plan.rules.canary;
  const lot = canarySeed(tally, digest, plan.place, seed);
  const drawn = drawLots(sha256, lot, plan.pool, size * plan.groups);
  return Array.from({ length: plan.groups }, (_, group) => ({
    variant: lotNumber(sha256, lot, VARIANT_PLACES + group) % predicate.canaryVariants,
    members: drawn.slice(group * size, (group + 1) * size).sort(),
  }));
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

/** The `canary` that the log owes a release for its next group; undefined when it owes none, or waits for witnesses. */
export function canaryStatement(
  tally: Tally,
  release: ReleaseState,
  timeMs: number,
  head: CosignedHead | undefined,
): StatementOf<'canary'> | undefined {
  const { canaryPlan: plan, canariesLogged: group } = release;
  if (plan === undefined) return undefined;
  const seed = waitsForSeed(release) ? seedFrom(plan.rules, plan.place, head) : null;
  const drawn = seed === undefined ? undefined : groupsBy(tally, release, seed)[group];
  if (seed === undefined || drawn === undefined) return undefined;
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
      seed,
    },
  );
}

export function judgeCanary(
  tally: Tally,
  statement: StatementOf<'canary'>,
  offer: Pick<Entry, 'index' | 'witnessed'>,
): Refusal | undefined {
  const { subject, predicate } = statement;
  const release = tally.releases.get(predicate.release);
  if (release === undefined)
    return refuse('unknown-release', `release ${predicate.release} is not in this log`);
  if (subject.name !== release.predicate.package) {
    return refuse('wrong-subject', `release ${release.digest} is ${release.predicate.package}`);
  }
  const { canaryPlan: plan, canariesLogged } = release;
  if (plan === undefined || predicate.group >= plan.groups) {
    return refuse('too-early', `no group ${predicate.group} of canaries was drawn for this release`);
  }
  if (predicate.group !== canariesLogged) {
    return refuse('duplicate', `the next group of this release is ${canariesLogged}`);
  }
  return waitsForSeed(release) ? judgeSeed(plan.rules, plan.place, statement, offer) : undefined;
}

/** What a `canary` says that the count does not confirm. */
export function faultOfCanary(
  tally: Tally,
  { predicate }: StatementOf<'canary'>,
  timeMs: number,
): string | undefined {
  const release = tally.releases.get(predicate.release);
  const drawn = release && groupsBy(tally, release, predicate.seed)[predicate.group];
  if (release === undefined || drawn === undefined) return undefined;
  if (predicate.seed !== null && !waitsForSeed(release)) {
    return 'canary has a seed, and its group was drawn without it';
  }
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
  if (release === undefined) return;
  if (waitsForSeed(release)) draw(tally, release, predicate.seed);
  const drawn = release.canaryGroups[predicate.group];
  if (drawn === undefined) return;
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
  const variant = variantKey(release, drawn.variant);
  tally.variants.set(variant, [...(tally.variants.get(variant) ?? []), digest]);
}

/**
 * Whether what a canary came to was public before its own commitments were closed: voted for, or come to by founders,
 * in an earlier canary of the same variant of the same recipe. Who matches it then need not have built anything.
 */
export function isPublic(tally: Tally, canary: CanaryState, infoHashV2: string): boolean {
  const { index, closeIndex = 0, release, variant } = canary;
  return (tally.variants.get(variantKey(release, variant)) ?? []).some((digest) => {
    const other = tally.canaries.get(digest);
    if (other === undefined || other.index >= index) return false;
    const votes = [...other.ballots.values()].flatMap(({ vote }) => vote ?? []);
    return [...votes, ...other.rebuilds].some(
      (said) => said.infoHashV2 === infoHashV2 && said.index < closeIndex,
    );
  });
}

function variantKey({ predicate }: ReleaseState, variant: number): string {
  return `${predicate.recipe.sha256} ${variant}`;
}

function windowsFrom({ rules }: ReleaseState, timeMs: number): { commitEndsMs: number; voteEndsMs: number } {
  const commitEndsMs = timeMs + rules.canary.commitSeconds * 1000;
  return { commitEndsMs, voteEndsMs: commitEndsMs + rules.canary.voteSeconds * 1000 };
}
