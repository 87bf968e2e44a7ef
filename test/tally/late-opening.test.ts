// Commitments that were not opened in time: the days of grace, and what they are worth to whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits, type BuilderView, builderView } from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const DAY = 24 * HOUR;
const honest = hexOf('honest build');
const other = hexOf('other build');
const SHORT = {
  tenure: { activeDays: 1, builds: 1, canaries: 0 },
  admission: { periodDays: 1, least: 5, share: [1, 10] as [number, number] },
};

function viewOf(world: World, number: number): BuilderView {
  return builderView(world.tally, builderKey(number)) ?? assert.fail();
}

let releases = 0;
/** A release that five founders build, and builder 7 commits to and does not open; final. */
function unopened(world: World, committed = honest, alike = [0, 1, 2, 3, 4]): string {
  releases += 1;
  const release = world.opened({ package: `pkg:npm/%40noble/late${releases}@1.0.0` });
  world.commit(7, release, committed);
  world.run(release, all(honest, ...alike));
  world.verdict(release);
  return release;
}

/** Six founders, and builder 7, whom the lot admitted. */
function withMember(change: Parameters<typeof rulesWith>[0] = {}): World {
  const world = World.founded(rulesWith({ ...SHORT, ...change }, 5));
  world.register(7);
  releases += 1;
  const first = world.opened({ package: `pkg:npm/%40noble/late${releases}@1.0.0` });
  world.run(first, all(honest, 0, 1, 2, 3, 4, 7));
  world.verdict(first);
  world.audit(first, honest, 7);
  world.pass(DAY);
  assert.equal(viewOf(world, 7).standing.stage, 'eligible');
  return world;
}

test('who was away opens late: it keeps its tenure and gains nothing, and the verdict stays', () => {
  const world = withMember();
  const before = viewOf(world, 7);
  const release = unopened(world);
  const verdict = world.view(release);
  const charged = viewOf(world, 7);
  const [charge = assert.fail()] = charged.unopened;
  assert.deepEqual([charge.release, charge.dueMs], [release, world.nowMs + 14 * DAY]);
  assert.equal(charged.standing.stage, 'eligible', 'not judged yet, so it keeps its weight');
  const day = new Date(charge.dueMs).toISOString().slice(0, 10);
  assert.match(
    charged.standing.reason,
    new RegExp(
      `has a commitment on ${verdict.package.replaceAll('.', '\\.')} that it has not opened .* costs its tenure on ${day}$`,
    ),
  );
  assert.match(
    world.standing(release, 7),
    new RegExp(`^counts as dissent: .* not opened yet; it has until ${day}$`),
  );
  world.pass(14 * DAY - SECOND);
  const { index } = world.vote(7, release, honest);
  assert.deepEqual(viewOf(world, 7).unopened, []);
  assert.match(
    world.standing(release, 7),
    new RegExp(`^counts as dissent: .* opened only after the verdict \\(entry ${index}\\)$`),
  );
  world.pass(30 * DAY);
  const after = viewOf(world, 7);
  assert.equal(after.diverged, undefined);
  assert.deepEqual(after.tenure, before.tenure);
  assert.deepEqual([after.record.matched, after.record.unopened], [before.record.matched, 1]);
  const now = world.view(release);
  assert.deepEqual(
    [now.winner, now.groups, now.verdictMs],
    [verdict.winner, verdict.groups, verdict.verdictMs],
  );
  world.audit(release, honest, 7);
  assert.deepEqual(viewOf(world, 7).tenure, before.tenure, 'an audit for a late opening is no active day');
});

test('not opened when the grace ends, it is a divergence at the next entry, and too late to open', () => {
  const world = withMember();
  const release = unopened(world);
  world.pass(14 * DAY - SECOND);
  assert.equal(viewOf(world, 7).standing.stage, 'eligible');
  world.nowMs += SECOND;
  const statement = world.voteStatement(release, honest, hexOf('salt 7'));
  const answer = admits(world.tally, statement, [builderKey(7)], world.nowMs);
  assert.equal(answer.ok, false, 'the door counts the days too');
  const { index } = world.vote(7, release, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-late');
  const { standing, diverged, tenure, unopened: left } = viewOf(world, 7);
  assert.deepEqual([standing.stage, diverged?.index, diverged?.release], ['newcomer', index, release]);
  assert.match(standing.reason, /it never opened its commitment \(entry \d+\), so its tenure begins again/);
  assert.deepEqual([tenure.builds, left], [0, []]);
  assert.ok(world.tally.light.dirty.has(`builder:${builderKey(7)}`), 'the state map learns of it');
});

test('what is opened late to something else is a divergence at once, and no other opening fits', () => {
  const world = withMember();
  const release = unopened(world, other);
  world.vote(7, release, honest);
  assert.match(world.tally.refusals.at(-1)?.reason ?? '', /do not open the commitment/);
  assert.equal(viewOf(world, 7).unopened.length, 1);
  const { index } = world.vote(7, release, other);
  const { diverged, unopened: left } = viewOf(world, 7);
  assert.deepEqual([diverged?.index, left], [index, []]);
  assert.match(diverged?.why ?? '', /it built something else than the others \(opened late, entry \d+\)/);
});

test('where the others do not agree enough, nothing is charged, and nothing is opened late', () => {
  const world = withMember();
  const release = world.opened({ package: 'pkg:npm/%40noble/split@1.0.0' });
  world.commit(7, release, honest);
  world.run(release, new Map([...all(honest, 0, 1, 2, 3), ...all(other, 4)]));
  assert.equal(world.verdict(release).winner, honest, '4 of 6 win, and are below four fifths');
  assert.deepEqual(viewOf(world, 7).unopened, []);
  world.vote(7, release, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-late');
  world.pass(20 * DAY);
  assert.equal(viewOf(world, 7).diverged, undefined);
});

test('a policy without grace judges at the verdict', () => {
  const divergence = {
    clusters: 5,
    share: [4, 5] as [number, number],
    graceDays: 0,
    founderSuspensionDays: 30,
  };
  const world = withMember({ divergence });
  const release = unopened(world);
  const { diverged, unopened: left } = viewOf(world, 7);
  assert.deepEqual([diverged?.release, left], [release, []]);
});

test('a late opening is for its own builder: nobody else, and no stranger, opens it', () => {
  const world = withMember();
  const release = unopened(world);
  const statement = world.voteStatement(release, honest, hexOf('salt 7'));
  for (const number of [0, 99]) {
    world.append(statement, [builderKey(number)]);
    assert.ok(['too-late', 'unknown-builder', 'duplicate'].includes(world.tally.refusals.at(-1)?.code ?? ''));
  }
  assert.equal(viewOf(world, 7).unopened.length, 1);
  world.rotate(7);
  world.vote(7, release, honest);
  assert.deepEqual(viewOf(world, 7).unopened, [], 'by the key that it has now');
});

test('several are open at once: each is answered by itself, and the first that is not ends tenure', () => {
  const world = withMember();
  const first = unopened(world);
  world.pass(DAY);
  const second = unopened(world);
  world.pass(DAY);
  const third = unopened(world);
  assert.match(viewOf(world, 7).standing.reason, /\(and 2 more like it\)$/);
  world.vote(7, second, honest);
  assert.deepEqual(
    viewOf(world, 7).unopened.map(({ release }) => release),
    [first, third],
  );
  world.pass(12 * DAY);
  assert.equal(viewOf(world, 7).diverged?.release, first);
  world.vote(7, third, honest);
  world.pass(10 * DAY);
  assert.deepEqual([viewOf(world, 7).diverged?.release, viewOf(world, 7).unopened], [first, []]);
});

test('a revote drops what is pending on it: nobody is judged by a verdict that is asked about again', () => {
  const world = withMember();
  const release = unopened(world, other);
  world.revote(release);
  assert.deepEqual(viewOf(world, 7).unopened, []);
  world.pass(20 * DAY);
  assert.equal(viewOf(world, 7).diverged, undefined);
});

test('a takedown after the verdict frees nobody: who comes back may open all the same', () => {
  const world = withMember();
  const [kept, lost] = [unopened(world), unopened(world)];
  for (const release of [kept, lost]) world.takedown(release);
  world.vote(7, kept, honest);
  assert.deepEqual(
    viewOf(world, 7).unopened.map(({ release }) => release),
    [lost],
  );
  world.pass(15 * DAY);
  assert.equal(viewOf(world, 7).diverged?.release, lost);
});

test('a vote between the end of the window and the verdict is too late for the one and too early for the other', () => {
  const world = withMember();
  const release = world.opened({ package: 'pkg:npm/%40noble/between@1.0.0' });
  world.commit(7, release, honest);
  world.run(release, all(honest, 0, 1, 2, 3, 4));
  world.nowMs += VOTE_SECONDS * SECOND;
  world.vote(7, release, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-late');
  world.pass(0);
  world.vote(7, release, honest);
  assert.deepEqual([viewOf(world, 7).unopened, world.view(release).winner], [[], honest]);
});

test('who commits to garbage and hopes has fourteen days more of the weight it had, and then none', () => {
  const world = withMember();
  const release = unopened(world, hexOf('garbage that it cannot name'));
  for (const guess of [honest, other]) world.vote(7, release, guess);
  assert.equal(viewOf(world, 7).unopened.length, 1);
  world.pass(14 * DAY);
  assert.deepEqual([viewOf(world, 7).standing.eligible, viewOf(world, 7).tenure.builds], [false, 0]);
});

test('a canary opened late clears its builder and counts as missed', () => {
  const canary = { ...rulesWith().canary, commitSeconds: COMMIT_SECONDS, voteSeconds: VOTE_SECONDS };
  const world = withMember({ canary });
  const release = world.opened({ package: 'pkg:npm/%40noble/canary@1.0.0', canaryVariants: 3 });
  for (const number of [7, 1, 2]) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  const [drawn = assert.fail()] = world.tally.canaries.values();
  for (const number of [7, 1, 2]) world.commit(number, drawn.digest, other);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [1, 2]) world.vote(number, drawn.digest, other);
  world.pass(VOTE_SECONDS * SECOND);
  assert.equal(world.tally.canaries.get(drawn.digest)?.phase, 'final');
  assert.match(
    viewOf(world, 7).standing.reason,
    /a commitment on a canary of pkg:npm\/%40noble\/canary@1\.0\.0/,
  );
  world.vote(7, drawn.digest, other);
  world.pass(20 * DAY);
  const { canaries, diverged } = viewOf(world, 7);
  assert.deepEqual([canaries, diverged], [{ passed: 0, failed: 0, missed: 1 }, undefined]);
});
