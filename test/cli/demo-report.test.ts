import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAST, type Player } from '../../src/cli/demo/cast.ts';
import { happeningsBetween } from '../../src/cli/demo/happenings.ts';
import { brokenPromises, type Report, reportRelease } from '../../src/cli/demo/report.ts';
import type { BuilderOnRelease, ReleaseView } from '../../src/tally/index.ts';

const HONEST = 'aa'.repeat(32);
const BACKDOOR = 'bb'.repeat(32);
const names = new Map(CAST.map(({ name }) => [`key of ${name}`, name]));

/** What a player did: all vote, and only the mirror may have done so without a commitment. */
function ballot({ name, role }: Player, index: number, mirrorCounts: boolean): BuilderOnRelease {
  const counts = role !== 'mirror' || mirrorCounts;
  return {
    key: `key of ${name}`,
    operator: name,
    status: counts ? 'counts' : 'not counted',
    reason: 'a reason',
    infoHashV2: role === 'backdoor' ? BACKDOOR : HONEST,
    ...(counts && { committedIndex: 10 + index }),
    voteIndex: 20 + index,
    auditIndex: 30 + index,
  };
}

/** A release with its verdict: who voted for what, and who of them counts. */
function released(mirrorCounts: boolean, change: Partial<ReleaseView> = {}): ReleaseView {
  const builders = CAST.map((player, index) => ballot(player, index, mirrorCounts));
  return {
    digest: 'cc'.repeat(32),
    index: 6,
    package: 'pkg:npm/%40noble/hashes@2.0.1',
    publisher: 'dd'.repeat(32),
    authorised: true,
    state: 'final',
    rivals: [],
    profile: 'hybrid',
    platform: 'any',
    recipe: { sha256: 'ee'.repeat(32), sizeBytes: 1 },
    sources: [],
    announcedMs: 1,
    openedMs: 2,
    commitEndsMs: 3,
    voteEndsMs: 4,
    verdictMs: 5,
    urgent: false,
    round: 0,
    seedBy: 'log',
    passed: [],
    earlier: [],
    panel: builders.map(({ key }) => key),
    quorum: 3,
    winner: HONEST,
    groups: [
      { infoHashV2: HONEST, counted: mirrorCounts ? 4 : 3, total: 4, builders: [] },
      { infoHashV2: BACKDOOR, counted: 1, total: 1, builders: [] },
    ],
    builders,
    ...change,
  };
}

/** The report of two rounds that went as they should. */
function kept(): Report {
  return {
    ...reportRelease(released(false), names, 3),
    magnet: 'magnet:?',
    download: { path: 'file', sha256: HONEST, matchesRegistry: true },
    dashboard: 'http://127.0.0.1/',
    secondRound: { ...reportRelease(released(true), names, 4), note: 'a note' },
  };
}

test('when everything came true nothing is broken', () => {
  assert.deepEqual(brokenPromises(kept()), []);
});

test('each thing that did not come true is named', () => {
  const cases: [Partial<Report>, RegExp][] = [
    [reportRelease(released(false, { state: 'contested', winner: null }), names, 0), /round 1 is contested/],
    [
      { secondRound: { ...reportRelease(released(false), names, 3), note: '' } },
      /public tarball .* did not pass/,
    ],
    [reportRelease(released(true), names, 3), /copied in round 1 is not seen to count for nothing/],
    [reportRelease(released(false), names, 2), /fewer than three reputable builders/],
    [{ download: { path: '', sha256: '', matchesRegistry: false } }, /not the registry's own tarball/],
    [reportRelease(released(false, { winner: BACKDOOR }), names, 3), /honest builders did not win round 1/],
  ];
  for (const [change, expected] of cases) {
    assert.match(brokenPromises({ ...kept(), ...change }).join('; '), expected);
  }
});

test('what happened between two views of a release is told once, in order', () => {
  const end = released(false);
  const told = happeningsBetween(undefined, end).map(({ what }) => what);
  const count = (what: string) => told.filter((each) => each === what).length;
  assert.deepEqual([told[0], told.at(-1)], ['opened', 'verdict']);
  assert.deepEqual([count('committed'), count('voted'), count('audited')], [4, 5, 5]);
  assert.ok(told.indexOf('closed') > told.lastIndexOf('committed'));
  assert.ok(told.indexOf('closed') < told.indexOf('voted'));
  assert.deepEqual(happeningsBetween(end, end), []);
});
