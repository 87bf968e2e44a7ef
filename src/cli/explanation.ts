import {
  type BuilderOnRelease,
  type BuilderView,
  builderViews,
  type ReleaseView,
  releaseView,
  releaseViews,
  resolvePackage,
  stateReason,
  type Tally,
} from '../tally/index.ts';

/** A release, and why it stands where it does. */
export interface ExplainedRelease {
  readonly release: ReleaseView;
  /** One sentence about its state. */
  readonly why: string;
}

/** What a builder did about one release. */
export interface ExplainedBallot extends Pick<BuilderOnRelease, 'status' | 'reason'> {
  readonly release: string;
  readonly package: string;
  readonly index: number;
}

/** What `bitquorum explain` found, and why it is so. */
export type Explanation =
  | ({ readonly kind: 'release' } & ExplainedRelease)
  | {
      readonly kind: 'package';
      readonly package: string;
      /** One sentence: what the name stands for. */
      readonly why: string;
      /** All that claimed the name, in the log's order. */
      readonly releases: readonly ExplainedRelease[];
    }
  | {
      readonly kind: 'builder';
      readonly builder: BuilderView;
      readonly why: string;
      readonly releases: readonly ExplainedBallot[];
    };

/** Finds a release by digest, a package by its URL, or a builder by key or operator; undefined when there is none. */
export function explain(tally: Tally, what: string): Explanation | undefined {
  const release = releaseView(tally, what);
  if (release !== undefined) return { kind: 'release', ...explained(tally, release) };
  const builder = findBuilder(tally, what);
  if (builder !== undefined) return explainBuilder(tally, builder);
  return explainPackage(tally, what);
}

function explained(tally: Tally, release: ReleaseView): ExplainedRelease {
  return { release, why: stateReason(tally, release.digest) ?? '' };
}

function explainPackage(tally: Tally, what: string): Explanation | undefined {
  const claims = releaseViews(tally).filter((release) => release.package === what);
  if (claims.length === 0) return undefined;
  const live = resolvePackage(tally, what);
  return {
    kind: 'package',
    package: what,
    why: nameReason(live),
    releases: claims.map((release) => explained(tally, release)),
  };
}

function nameReason(live: ReleaseView | undefined): string {
  if (live === undefined) return 'the name stands for nothing: no authorised release claims it';
  if (live.rivals.length > 0) {
    return `the name stands for nothing: release ${live.digest} has it, and ${live.rivals.length} more claim it`;
  }
  const winner = live.winner === null ? 'no infohash yet, or none any more' : `infohash ${live.winner}`;
  return `the name stands for release ${live.digest} (entry ${live.index}), which is ${live.state}: ${winner}`;
}

/** By identity, by the key that signs now, or by operator when only one has that name. */
function findBuilder(tally: Tally, what: string): BuilderView | undefined {
  const views = builderViews(tally);
  const byKey = views.find(({ key, currentKey, vkey }) => [key, currentKey, vkey].includes(what));
  if (byKey !== undefined) return byKey;
  const named = views.filter(({ operator }) => operator === what);
  return named.length === 1 ? named[0] : undefined;
}

function explainBuilder(tally: Tally, builder: BuilderView): Explanation {
  const releases = releaseViews(tally).flatMap(({ digest, package: name, index, builders }) =>
    builders
      .filter(({ key }) => key === builder.key)
      .map(({ status, reason }) => ({ release: digest, package: name, index, status, reason })),
  );
  return { kind: 'builder', builder, why: builder.standing.reason, releases };
}
