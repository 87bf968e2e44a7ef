import type { Output, Predicate } from '../statement/browser.ts';
import { type BuilderStatus, standingOf } from './reasons.ts';
import type { ReleasePhase, ReleaseState, Tally } from './state.ts';
import { isCounted } from './verdict.ts';

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
  /** Keys drawn, sorted. */
  readonly panel: readonly string[];
  /** Fewest votes that win. */
  readonly quorum: number;
  /** Infohash of the verdict, or null: of a verdict only, never of a lead. */
  readonly winner: string | null;
  /** The most counted votes first. */
  readonly groups: readonly GroupView[];
  /** The panel and everybody who logged something about it; the panel first, then by key. */
  readonly builders: readonly BuilderOnRelease[];
}

/** Everybody who voted for one infohash. */
export interface GroupView {
  readonly infoHashV2: string;
  /** Votes that count. */
  readonly counted: number;
  /** All votes, mirrors' too. */
  readonly total: number;
  /** Keys of all of them, sorted. */
  readonly builders: readonly string[];
  /** What most of the counted (else: of all) say it holds; the download proves it. */
  readonly output?: Output;
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

/** Views of all releases, in the log's order. */
export function releaseViews(tally: Tally): ReleaseView[] {
  return [...tally.releases.values()]
    .sort((left, right) => left.index - right.index)
    .map((release) => viewOf(tally, release));
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
  return name.rivals.length === 0 ? view : { ...view, state: 'contested', winner: null };
}

function viewOf(tally: Tally, release: ReleaseState): ReleaseView {
  const { predicate, verdict } = release;
  const keys = new Set([...release.draw.panel, ...[...release.ballots.keys()].sort()]);
  const hasPanel = release.authorised && !release.rival;
  if (!hasPanel) for (const key of release.draw.panel) if (!release.ballots.has(key)) keys.delete(key);
  return {
    digest: release.digest,
    index: release.index,
    package: predicate.package,
    publisher: release.publisher,
    authorised: release.authorised,
    state: release.phase,
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
        }),
    ...(verdict === undefined ? {} : { verdictMs: verdict.timeMs }),
    panel: hasPanel ? release.draw.panel : [],
    quorum: release.draw.quorum,
    winner: verdict?.outcome.infoHashV2 ?? null,
    groups: groupsOf(release),
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

interface Member {
  readonly key: string;
  readonly counts: boolean;
  readonly output: Output;
}

function groupsOf(release: ReleaseState): GroupView[] {
  const members = new Map<string, Member[]>();
  for (const [key, ballot] of release.ballots) {
    if (ballot.vote === undefined) continue;
    const { infoHashV2, output } = ballot.vote;
    const counts = release.draw.onPanel.has(key) && isCounted(ballot);
    const group = members.get(infoHashV2);
    if (group === undefined) members.set(infoHashV2, [{ key, counts, output }]);
    else group.push({ key, counts, output });
  }
  return [...members]
    .map(([infoHashV2, group]) => groupView(infoHashV2, group))
    .sort(
      (left, right) =>
        right.counted - left.counted ||
        right.total - left.total ||
        (left.infoHashV2 < right.infoHashV2 ? -1 : 1),
    );
}

function groupView(infoHashV2: string, group: readonly Member[]): GroupView {
  const counted = group.filter(({ counts }) => counts);
  const output = mostSaid((counted.length > 0 ? counted : group).map((member) => member.output));
  return {
    infoHashV2,
    counted: counted.length,
    total: group.length,
    builders: group.map(({ key }) => key).sort(),
    ...(output === undefined ? {} : { output }),
  };
}

/** The value given most often; of equals the first in order of its JSON text. */
function mostSaid(outputs: readonly Output[]): Output | undefined {
  const said = new Map<string, { output: Output; times: number }>();
  for (const output of outputs) {
    const text = JSON.stringify([output.name, output.sizeBytes, output.sha256 ?? null]);
    const known = said.get(text);
    if (known === undefined) said.set(text, { output, times: 1 });
    else known.times += 1;
  }
  const [best] = [...said].sort(
    ([left, { times: leftTimes }], [right, { times: rightTimes }]) =>
      rightTimes - leftTimes || (left < right ? -1 : 1),
  );
  return best?.[1].output;
}
