import type { Predicate } from '../statement/browser.ts';
import { type GroupView, groupsOf } from './group-view.ts';
import { halfTimeMs } from './half-time.ts';
import { isWitnessed } from './lot-seed.ts';
import { type Provisional, provisionalOf } from './provisional.ts';
import { type BuilderStatus, standingOf } from './reasons.ts';
import { type ReleasePhase, stateOf, winnerOf } from './release-state.ts';
import type { Ending, Lifted, Outcome, ReleaseState, Tally } from './state.ts';

/** One release as people and the API see it; plain JSON. */
export interface ReleaseView {
  /** SHA-256 of the release statement's payload, hex. */
  readonly digest: string;
  /** The release's own entry. */
  readonly index: number;
  readonly package: string;
  readonly publisher: string;
  /** Whether the policy lets this publisher publish this name. */
  readonly authorised: boolean;
  readonly state: ReleasePhase;
  /** Digests of other live releases that claim this name: while there are any, the name resolves to none. */
  readonly rivals: readonly string[];
  readonly profile: 'hybrid' | 'v2';
  readonly platform: string;
  readonly recipe: { readonly sha256: string; readonly sizeBytes: number };
  readonly sources: Predicate<'release'>['sources'];
  readonly announcedMs: number;
  readonly openedMs?: number;
  readonly commitEndsMs?: number;
  readonly voteEndsMs?: number;
  readonly verdictMs?: number;
  /** Whether it asked for the urgent lane: shorter windows, and founders signed it beside its publisher. */
  readonly urgent: boolean;
  /** 0, and one more for each revote. */
  readonly round: number;
  /** Who gives the seed of its lot: without witnesses the log's operator could try until a panel suits it. */
  readonly seedBy: 'log' | 'witnesses';
  /** When seats without a commitment pass on to the next in the lot's order. */
  readonly halfTimeMs?: number;
  /** Seats that passed on. */
  readonly passed: readonly { readonly from: string; readonly to: string }[];
  /** What founders and elders agree on before the verdict of an urgent release: no winner. */
  readonly provisional?: Provisional;
  /** Why it is superseded or taken down. */
  readonly ended?: Ending;
  /** What had ended it until founders asked about it again: from then on its publisher alone ends it no more. */
  readonly lifted?: Lifted;
  /** Verdicts of earlier rounds, the first one first. */
  readonly earlier: readonly PastVerdict[];
  /** Keys drawn, sorted. */
  readonly panel: readonly string[];
  /** Fewest votes that win. */
  readonly quorum: number;
  /** Infohash of the verdict, or null: of a verdict only, never of a lead, and none after a takedown. */
  readonly winner: string | null;
  /** The most counted votes first. */
  readonly groups: readonly GroupView[];
  /** The panel and everybody who logged something about it; the panel first, then by key. */
  readonly builders: readonly BuilderOnRelease[];
}

/** A verdict that a revote overtook. */
export interface PastVerdict extends Pick<Outcome, 'state' | 'infoHashV2'> {
  readonly index: number;
  readonly timeMs: number;
}

/** One builder's part in one release. */
export interface BuilderOnRelease {
  readonly key: string;
  readonly operator: string;
  readonly status: BuilderStatus;
  /** One sentence, beginning with the status. */
  readonly reason: string;
  readonly infoHashV2?: string;
  readonly committedIndex?: number;
  readonly voteIndex?: number;
  readonly auditIndex?: number;
  /** What it says went wrong; text from outside. */
  readonly failure?: string;
}

/** The view of a release by its digest. */
export function releaseView(tally: Tally, digest: string): ReleaseView | undefined {
  const release = tally.releases.get(digest);
  return release === undefined ? undefined : viewOf(tally, release);
}

/** Views of releases in the log's order, by their places in it: 0 is the first of all. */
export function releaseViews(tally: Tally, from = 0, to: number = tally.releases.size): ReleaseView[] {
  return tally.releases.slice(from, to).map((release) => viewOf(tally, release));
}

/**
 * What a name stands for: its live authorised release. While rivals claim the name, the view says `contested`
 * and has no winner, whatever that release's own verdict is.
 */
export function resolvePackage(tally: Tally, packageUrl: string): ReleaseView | undefined {
  const name = tally.names.get(packageUrl);
  const release = name === undefined ? undefined : tally.releases.get(name.live);
  if (name === undefined || release === undefined) return undefined;
  const view = viewOf(tally, release);
  return name.rivals.length === 0 || release.ended !== undefined
    ? view
    : { ...view, state: 'contested', winner: null };
}

function viewOf(tally: Tally, release: ReleaseState): ReleaseView {
  const { predicate, verdict, ended, lifted } = release;
  const provisional = provisionalOf(tally, release);
  const keys = new Set([...release.draw.panel, ...[...release.ballots.keys()].sort()]);
  const hasPanel = release.authorised && !release.rival;
  if (!hasPanel) for (const key of release.draw.panel) if (!release.ballots.has(key)) keys.delete(key);
  return {
    digest: release.digest,
    index: release.index,
    package: predicate.package,
    publisher: release.publisher,
    authorised: release.authorised,
    state: stateOf(tally, release),
    rivals: rivalsOf(tally, release),
    profile: predicate.profile,
    platform: predicate.platform,
    recipe: predicate.recipe,
    sources: predicate.sources,
    announcedMs: release.timeMs,
    ...(release.open === undefined
      ? {}
      : {
          openedMs: release.open.timeMs,
          commitEndsMs: release.commitEndsMs,
          voteEndsMs: release.voteEndsMs,
          halfTimeMs: halfTimeMs(release.open.timeMs, release.commitEndsMs),
        }),
    ...(verdict === undefined ? {} : { verdictMs: verdict.timeMs }),
    urgent: predicate.urgent,
    round: release.round,
    seedBy: isWitnessed(release) ? 'witnesses' : 'log',
    passed: [...release.passed].map(([from, to]) => ({ from, to })),
    ...(provisional === undefined ? {} : { provisional }),
    ...(ended === undefined ? {} : { ended }),
    ...(lifted === undefined ? {} : { lifted }),
    earlier: release.earlier.map(({ index, timeMs, outcome: { state, infoHashV2 } }) => ({
      index,
      timeMs,
      state,
      infoHashV2,
    })),
    panel: hasPanel ? release.draw.panel : [],
    quorum: release.draw.quorum,
    winner: winnerOf(release),
    groups: groupsOf(tally, release),
    builders: [...keys].map((key) => builderOn(tally, release, key)),
  };
}

function rivalsOf(tally: Tally, release: ReleaseState): string[] {
  const name = tally.names.get(release.predicate.package);
  if (name === undefined || !release.authorised) return [];
  const claims = [name.live, ...name.rivals];
  return claims.includes(release.digest) ? claims.filter((digest) => digest !== release.digest) : [];
}

function builderOn(tally: Tally, release: ReleaseState, key: string): BuilderOnRelease {
  const ballot = release.ballots.get(key);
  return {
    key,
    operator: tally.builders.get(key)?.predicate.operator ?? '',
    ...standingOf(tally, release, key),
    ...(ballot?.vote === undefined
      ? {}
      : { infoHashV2: ballot.vote.infoHashV2, voteIndex: ballot.vote.index }),
    ...(ballot?.commit === undefined ? {} : { committedIndex: ballot.commit.index }),
    ...(ballot?.auditIndex === undefined ? {} : { auditIndex: ballot.auditIndex }),
    ...(ballot?.failure === undefined ? {} : { failure: ballot.failure.reason }),
  };
}
