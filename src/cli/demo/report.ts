import type { ReleaseView } from '../../tally/index.ts';
import { CAST, type Role } from './cast.ts';

/** What the client got. */
export interface Download {
  readonly path: string;
  readonly sha256: string;
  /** Whether it is, byte for byte, the registry's own tarball. */
  readonly matchesRegistry: boolean;
}

/** One release with its groups, as `--json` shows it. */
export interface ReleaseReport {
  /** Package URL. */
  readonly release: string;
  readonly digest: string;
  readonly state: ReleaseView['state'];
  readonly winner: { readonly infoHashV2: string; readonly seeders: number } | null;
  readonly groups: readonly {
    readonly infoHashV2: string;
    readonly counted: number;
    readonly builders: readonly {
      readonly name: string;
      readonly key: string;
      readonly status: string;
      readonly reason: string;
    }[];
  }[];
}

/** The document that `--json` prints: the first round, what was downloaded, then the second round. */
export interface Report extends ReleaseReport {
  readonly magnet: string;
  readonly download: Download;
  readonly dashboard: string;
  readonly secondRound: ReleaseReport & { readonly note: string };
}

export const CANARY_NOTE =
  'Commitments alone cannot catch this: upstream has published a binary, so whoever copies it before\n' +
  'the others show theirs looks like a builder. Canary builds will: variants that nobody has published,\n' +
  'which can only be built.';

/** One release as the report shows it; `seeders`: reputable seeders of the winner that are up now. */
export function reportRelease(
  release: ReleaseView,
  names: ReadonlyMap<string, string>,
  seeders: number,
): ReleaseReport {
  return {
    release: release.package,
    digest: release.digest,
    state: release.state,
    winner: release.winner === null ? null : { infoHashV2: release.winner, seeders },
    groups: release.groups.map(({ infoHashV2, counted }) => ({
      infoHashV2,
      counted,
      builders: release.builders
        .filter((builder) => builder.infoHashV2 === infoHashV2)
        .map(({ key, status, reason }) => ({ name: names.get(key) ?? '', key, status, reason })),
    })),
  };
}

/**
 * What did not come true of what the demonstration promises: the honest builders win both rounds, the backdoor
 * stands alone, the mirror's late copy counts for nothing and its early one counts, and the client has upstream's
 * own tarball. Empty when all came true.
 */
export function brokenPromises(report: Report): string[] {
  const { secondRound: second } = report;
  const promises: [boolean, string][] = [
    [report.state === 'final', `round 1 is ${report.state}, not final`],
    [second.state === 'final', `round 2 is ${second.state}, not final`],
    [countedFor(report, 'honest') === 3, 'the three honest builders did not win round 1'],
    [countedFor(second, 'honest') === 3, 'the three honest builders did not win round 2'],
    [standsAlone(report, 'backdoor'), 'the backdoor of round 1 does not stand alone'],
    [standsAlone(second, 'backdoor'), 'the backdoor of round 2 does not stand alone'],
    [copiedInVain(report), 'the vote that the mirror copied in round 1 is not seen to count for nothing'],
    [
      countedFor(second, 'mirror') === 1,
      'the public tarball that the mirror committed did not pass in round 2',
    ],
    [(report.winner?.seeders ?? 0) >= 3, 'fewer than three reputable builders seed the winner'],
    [report.download.matchesRegistry, "the download is not the registry's own tarball"],
  ];
  return promises.filter(([kept]) => !kept).map(([, words]) => words);
}

/** How many builders of a role count for the winner. */
function countedFor(report: ReleaseReport, role: Role): number {
  const winner = report.groups.find(({ infoHashV2 }) => infoHashV2 === report.winner?.infoHashV2);
  return (winner?.builders ?? []).filter((each) => each.status === 'counts' && roleOf(each.name) === role)
    .length;
}

function standsAlone({ groups, winner }: ReleaseReport, role: Role): boolean {
  const group = groups.find(({ builders }) => builders.some(({ name }) => roleOf(name) === role));
  return group?.builders.length === 1 && group.infoHashV2 !== winner?.infoHashV2;
}

function copiedInVain({ groups, winner }: ReleaseReport): boolean {
  const group = groups.find(({ infoHashV2 }) => infoHashV2 === winner?.infoHashV2);
  return (
    group?.builders.some(({ name, status }) => roleOf(name) === 'mirror' && status === 'not counted') ?? false
  );
}

function roleOf(name: string): Role | undefined {
  return CAST.find((player) => player.name === name)?.role;
}
