import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  admits,
  builderViews,
  entriesDue,
  nextDueMs,
  releaseViews,
  resolvePackage,
} from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  hexOf,
  LOG,
  PACKAGE,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const honest = hexOf('honest build');
const backdoor = hexOf('backdoor');

test('from release to verdict: three honest builders win over one backdoor, and a mirror is no vote', () => {
  const world = World.founded();
  const release = world.release();
  assert.equal(world.view(release).state, 'announced');
  world.pass(SECOND);
  assert.equal(world.view(release).state, 'committing');
  assert.deepEqual(world.view(release).panel, [0, 1, 2, 3, 4].map(builderKey).sort());
  assert.equal(world.standing(release, 0), 'waiting: has not committed yet');

  const commits = [0, 1, 2].map((number) => world.commit(number, release, honest).index);
  world.commit(3, release, backdoor);
  assert.equal(
    world.standing(release, 0),
    `waiting: committed (entry ${commits[0]}); the commitment is opened after close`,
  );
  world.pass(COMMIT_SECONDS * SECOND);
  assert.equal(world.view(release).state, 'voting');

  const votes = [0, 1, 2].map((number) => world.vote(number, release, honest).index);
  world.vote(3, release, backdoor);
  world.vote(4, release, honest, hexOf('salt 0'));
  const audited = world.audit(release, honest, 0, 1, 2, 4).index;
  world.audit(release, backdoor, 3);
  assert.equal(
    world.standing(release, 0),
    `counts: committed before close (entry ${commits[0]}), opened (entry ${votes[0]}), audited (entry ${audited})`,
  );
  assert.equal(world.view(release).winner, null, 'a lead is no verdict');

  const view = world.verdict(release);
  assert.deepEqual([view.state, view.winner], ['final', honest]);
  assert.deepEqual(
    view.groups.map(({ infoHashV2, counted, total }) => [infoHashV2, counted, total]),
    [
      [honest, 3, 4],
      [backdoor, 1, 1],
    ],
  );
  assert.equal(view.groups[0]?.output?.sha256, hexOf(`file ${honest}`));
  assert.equal(
    world.standing(release, 4),
    'not counted: voted without a commitment before close — a mirror seeds but never counts',
  );
  assert.deepEqual(resolvePackage(world.tally, PACKAGE), view);
  assert.deepEqual(releaseViews(world.tally), [view]);
  assert.deepEqual([world.tally.alarmsTotal, world.tally.refusedTotal], [0, 0]);
  assert.deepEqual(
    builderViews(world.tally).map(({ record }) => [record.matched, record.dissented]),
    [
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ],
  );
});

test('the log owes one entry at a time, exactly when it is due', () => {
  const world = World.founded();
  const release = world.release();
  const due = (after: number) => entriesDue(world.tally, world.nowMs + after).map(({ kind }) => kind);
  assert.deepEqual(due(0), ['open']);
  assert.equal(nextDueMs(world.tally), world.nowMs);
  world.pass(0);
  const { commitEndsMs = 0 } = world.view(release);
  assert.equal(commitEndsMs, world.nowMs + COMMIT_SECONDS * SECOND);
  assert.deepEqual(due(599 * SECOND), []);
  assert.deepEqual(due(600 * SECOND), ['heartbeat']);
  assert.deepEqual(due(COMMIT_SECONDS * SECOND - 1), ['heartbeat']);
  assert.deepEqual(due(COMMIT_SECONDS * SECOND), ['close']);
  world.pass(COMMIT_SECONDS * SECOND);
  assert.deepEqual(due(VOTE_SECONDS * SECOND - 1), ['heartbeat']);
  assert.deepEqual(due(VOTE_SECONDS * SECOND), ['verdict']);
  world.pass(VOTE_SECONDS * SECOND);
  assert.deepEqual(due(0), []);
  assert.equal(nextDueMs(world.tally), world.nowMs + 600 * SECOND);
});

test('a log that was down when a window ended does not shorten the vote window', () => {
  const world = World.founded();
  const release = world.opened();
  const planned = world.view(release).voteEndsMs ?? 0;
  const delay = 5 * COMMIT_SECONDS * SECOND;
  world.pass(COMMIT_SECONDS * SECOND + delay - (world.nowMs - (world.view(release).openedMs ?? 0)));
  assert.equal(world.view(release).voteEndsMs, planned + delay);
});

for (const [votes, state, winner] of [
  [[honest, honest, honest], 'final', honest],
  [[honest, honest], 'failed', null],
  [[honest, honest, honest, backdoor], 'final', honest],
  [[honest, honest, honest, backdoor, backdoor], 'contested', null],
  [[honest, honest, backdoor, backdoor], 'contested', null],
  [[honest, honest, honest, honest, backdoor], 'final', honest],
  [[honest, hexOf('x'), hexOf('y'), hexOf('z'), backdoor], 'contested', null],
  [[], 'failed', null],
] as const) {
  const text = votes.map((infoHashV2) => (infoHashV2 === honest ? 'h' : 'x')).join('') || 'nobody';
  test(`verdict over ${text} of five seats: ${state}`, () => {
    const world = World.founded();
    const release = world.opened();
    world.run(release, new Map(votes.entries()));
    const view = world.verdict(release);
    assert.deepEqual([view.state, view.winner, view.quorum], [state, winner, 3]);
    assert.equal(world.tally.alarmsTotal, 0);
  });
}

test('the quorum is the majority of seats where that is more than the fewest votes', () => {
  const world = World.founded(rulesWith({}, 9));
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2, 3));
  assert.deepEqual([world.view(release).quorum, world.verdict(release).state], [5, 'failed']);
});

test('exactly two thirds of the votes cast are enough', () => {
  const world = World.founded(rulesWith({}, 6));
  const release = world.opened();
  world.run(release, new Map([0, 1, 2, 3, 4, 5].map((number) => [number, number < 4 ? honest : backdoor])));
  assert.deepEqual([world.view(release).quorum, world.verdict(release).winner], [4, honest]);
});

test('the founders’ margin is asked for beside the panel’s', () => {
  const world = World.founded(rulesWith({ foundersMargin: [4, 5] }));
  const release = world.opened();
  world.run(release, new Map([0, 1, 2, 3].map((number) => [number, number < 3 ? honest : backdoor])));
  assert.equal(
    world.verdict(release).state,
    'contested',
    'three of four are two thirds, and not four fifths',
  );
});

test('absence is not dissent; a reported failure is absence', () => {
  const world = World.founded();
  const release = world.opened();
  const failure = world.fail(4, release);
  world.run(release, all(honest, 0, 1, 2));
  assert.deepEqual(world.verdict(release).winner, honest);
  assert.equal(
    world.standing(release, 4),
    `not counted: reported that it could not build this (entry ${failure.index}); absence is not dissent`,
  );
  assert.equal(world.standing(release, 3), 'not counted: no commitment before close; absence is not dissent');
  assert.equal(
    world.view(release).builders.find(({ key }) => key === builderKey(4))?.failure,
    'tsc ended with 2',
  );
});

test('founders registered for other platforms, or after the release, have no seat', () => {
  const world = World.founded(rulesWith(), 3);
  world.register(3, { platforms: ['linux/arm64'] });
  const release = world.opened({ platform: 'linux/amd64' });
  world.register(4);
  assert.deepEqual(world.view(release).panel, [0, 1, 2].map(builderKey).sort());
  world.commit(3, release, honest);
  world.commit(4, release, honest);
  assert.equal(
    world.standing(release, 3),
    'not counted: not on the panel: it is not registered for linux/amd64',
  );
  assert.equal(
    world.standing(release, 4),
    'not counted: not on the panel: it registered after this release or not at all',
  );
});

test('a panel of fewer seats than candidates is drawn by lot, anew for each release', () => {
  const world = World.founded(rulesWith({ panelSeats: 3, minimumVotes: 2 }, 9));
  const panels = Array.from({ length: 12 }, (_, at) =>
    world.view(world.opened({ package: `pkg:npm/%40noble/p${at}@1.0.0` })).panel.join(),
  );
  assert.ok(new Set(panels).size > 6, 'the same panel came up too often');
  const release = world.opened({ package: 'pkg:npm/%40noble/last@1.0.0' });
  const panel = new Set(world.view(release).panel);
  assert.equal(panel.size, 3);
  const outsider = [0, 1, 2, 3, 4, 5, 6, 7, 8].find((number) => !panel.has(builderKey(number))) ?? 0;
  world.commit(outsider, release, honest);
  assert.equal(
    world.standing(release, outsider),
    'not counted: not on the panel: the lot gave its 3 seats to others',
  );
});

test('a registered builder that is no founder takes part, and does not count', () => {
  const world = World.founded();
  world.register(7);
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2, 7));
  const view = world.verdict(release);
  assert.deepEqual([view.groups[0]?.counted, view.groups[0]?.total], [3, 4]);
  assert.match(
    world.standing(release, 7),
    /^not counted: not on the panel: it was not eligible when this release was logged$/,
  );
});

test('when a policy says so, windows end at their floors once every seat has spoken', () => {
  const windows = { commitFloorSeconds: 60, voteFloorSeconds: 120, endEarly: true };
  const world = World.founded(rulesWith({ windows }, 3));
  const release = world.opened();
  for (const number of [0, 1]) world.commit(number, release, honest);
  world.pass(90 * SECOND);
  assert.equal(world.view(release).state, 'committing', 'one seat is silent: the window stays open');
  world.commit(2, release, honest);
  world.pass(0);
  assert.equal(world.view(release).state, 'voting');
  for (const number of [0, 1, 2]) world.vote(number, release, honest);
  world.audit(release, honest, 0, 1, 2);
  world.pass(119 * SECOND);
  assert.equal(world.view(release).state, 'voting', 'the floor stands');
  world.pass(SECOND);
  assert.deepEqual([world.view(release).state, world.view(release).winner], ['final', honest]);
  const quick = world.opened({ package: 'pkg:npm/%40noble/quick@1.0.0' });
  for (const number of [0, 1, 2]) world.commit(number, quick, honest);
  world.pass(59 * SECOND);
  assert.equal(world.view(quick).state, 'committing', 'the floor stands for commitments too');
  assert.equal(world.tally.alarmsTotal, 0);
});

test('heartbeats count and are admitted only from the log', () => {
  const world = World.founded();
  world.nowMs += 600 * SECOND;
  const [heartbeat] = entriesDue(world.tally, world.nowMs);
  assert.ok(heartbeat !== undefined);
  assert.deepEqual(admits(world.tally, heartbeat, [LOG], world.nowMs), { ok: true });
  const refused = admits(world.tally, heartbeat, [builderKey(0)], world.nowMs);
  assert.equal(refused.ok ? 'admitted' : refused.code, 'wrong-signer');
});
