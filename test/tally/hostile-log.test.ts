import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  makeStatement,
  type Predicate,
  type PredicateInput,
  type Statement,
} from '../../src/statement/index.ts';
import { admits, countEntry, emptyTally, entriesDue } from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  LOG,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const honest = hexOf('honest build');
const evil = hexOf('evil build');

/** What the log owes now, with a lie in it. */
function lie<K extends 'open' | 'close' | 'verdict'>(
  world: World,
  kind: K,
  change: Partial<Predicate<K>>,
): Statement {
  const due = entriesDue(world.tally, world.nowMs).find((statement) => statement.kind === kind);
  assert.ok(due !== undefined, `no ${kind} is due`);
  const told = { ...due.predicate, ...change } as PredicateInput<K>;
  return makeStatement(kind, due.subject, told) as Statement;
}

/** The log signs it: the door refuses it, and the count raises an alarm that matches. */
function isAlarm(world: World, statement: Statement, pattern: RegExp): void {
  const answer = admits(world.tally, statement, [LOG], world.nowMs);
  assert.equal(answer.ok, false);
  const before = world.tally.alarmsTotal;
  const { index } = world.append(statement, [LOG]);
  assert.equal(world.tally.alarmsTotal, before + 1);
  assert.equal(world.tally.alarms.at(-1)?.index, index);
  assert.match(world.tally.alarms.at(-1)?.reason ?? '', pattern);
}

/** Days since 1970 of the world's clock. */
function epochOf(world: World): number {
  return Math.floor(world.nowMs / (24 * HOUR));
}

test('a verdict for another winner is an alarm, and the recomputed one stands', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  world.nowMs += VOTE_SECONDS * SECOND;
  isAlarm(
    world,
    lie(world, 'verdict', { infoHashV2: evil }),
    /verdict says final for .*, and the count says final for/,
  );
  assert.deepEqual([world.view(release).state, world.view(release).winner], ['final', honest]);
});

test('a verdict of another state, or with other groups, is an alarm', () => {
  for (const change of [{ state: 'failed', infoHashV2: null }, { groups: [] }] as const) {
    const world = World.founded();
    const release = world.opened();
    world.run(release, all(honest, 0, 1, 2));
    world.nowMs += VOTE_SECONDS * SECOND;
    isAlarm(world, lie(world, 'verdict', change as Partial<Predicate<'verdict'>>), /^verdict /);
    assert.equal(world.view(release).winner, honest);
  }
});

test('a verdict before the vote window ends is an alarm and no verdict', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  const early = makeStatement(
    'verdict',
    { name: world.view(release).package, sha256: release },
    { ...world.bound(), release, state: 'final', infoHashV2: honest, groups: [] },
  );
  isAlarm(world, early, /counts for nothing: its vote window has not ended/);
  assert.equal(world.view(release).state, 'voting');
});

test('an open with another panel is an alarm, and the drawn panel stands', () => {
  const world = World.founded();
  const release = world.release();
  isAlarm(world, lie(world, 'open', { panel: [builderKey(0)] }), /another panel than the lot drew/);
  assert.equal(world.view(release).panel.length, 5);
  assert.equal(world.view(release).state, 'committing');
});

test('an open with other windows is an alarm, and the release’s windows stand', () => {
  const world = World.founded();
  const release = world.release();
  isAlarm(world, lie(world, 'open', { commitEndsMs: world.nowMs + 1 }), /other windows/);
  assert.equal(world.view(release).commitEndsMs, world.nowMs + COMMIT_SECONDS * SECOND);
});

test('an open that dates itself back is an alarm, and its windows run from its receipt', () => {
  const world = World.founded();
  const release = world.release();
  world.nowMs += COMMIT_SECONDS * SECOND;
  const timeMs = world.nowMs - COMMIT_SECONDS * SECOND;
  const back = lie(world, 'open', {
    timeMs,
    commitEndsMs: world.nowMs,
    voteEndsMs: world.nowMs + VOTE_SECONDS * SECOND,
  });
  isAlarm(world, back, /^open names the time/);
  assert.equal(world.view(release).commitEndsMs, world.nowMs + COMMIT_SECONDS * SECOND);
});

test('a close before its time is an alarm and closes nothing', () => {
  const world = World.founded();
  const release = world.opened();
  const early = makeStatement(
    'close',
    { name: world.view(release).package, sha256: release },
    { ...world.bound(), release, commitments: 0 },
  );
  isAlarm(world, early, /its commit window has not ended/);
  world.commit(0, release, honest);
  assert.notEqual(
    world.view(release).builders.find(({ key }) => key === builderKey(0))?.committedIndex,
    undefined,
  );
});

test('a close that counts other commitments is an alarm', () => {
  const world = World.founded();
  const release = world.opened();
  world.commit(0, release, honest);
  world.nowMs += COMMIT_SECONDS * SECOND;
  isAlarm(
    world,
    lie(world, 'close', { commitments: 7 }),
    /counts 7 builders with a commitment, and there are 1/,
  );
  assert.equal(world.view(release).state, 'voting');
});

test('an audit of a vote that is not there is an alarm and audits nobody', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0));
  const invented = makeStatement(
    'audit',
    { name: world.view(release).package, sha256: release },
    { ...world.bound(), release, infoHashV2: evil, epoch: epochOf(world), passed: [builderKey(0)] },
  );
  isAlarm(world, invented, /has no vote for that infohash/);
  const dated = makeStatement(
    'audit',
    { name: world.view(release).package, sha256: release },
    { ...world.bound(), release, infoHashV2: honest, epoch: epochOf(world) - 1, passed: [builderKey(0)] },
  );
  isAlarm(world, dated, /audit names the day \d+, and its receipt day is \d+/);
});

test('a second open, close or verdict is an alarm', () => {
  const world = World.founded();
  const release = world.release();
  world.pass(0);
  const open = world.entries.at(-1) ?? assert.fail();
  isAlarm(world, open.statement, /this release is open already/);
  world.pass(COMMIT_SECONDS * SECOND);
  world.pass(VOTE_SECONDS * SECOND);
  const verdict = world.entries.findLast(({ statement }) => statement.kind === 'verdict') ?? assert.fail();
  isAlarm(world, verdict.statement, /has its verdict already/);
  assert.equal(world.view(release).state, 'failed');
});

test('nobody else speaks for the log', () => {
  const world = World.founded();
  const release = world.release();
  for (const statement of entriesDue(world.tally, world.nowMs)) {
    const answer = admits(world.tally, statement, [builderKey(0)], world.nowMs);
    assert.equal(answer.ok ? 'admitted' : answer.code, 'wrong-signer');
    world.append(statement, [builderKey(0)]);
  }
  assert.equal(world.view(release).state, 'announced');
  assert.equal(world.tally.alarmsTotal, 0, 'a stranger’s forgery is no fault of the log');
});

test('a receipt time that runs back is an alarm, and time stands still', () => {
  const world = World.founded();
  const last = world.nowMs;
  world.nowMs -= 1;
  world.register(7);
  assert.match(world.tally.alarms[0]?.reason ?? '', /before that of an earlier entry/);
  assert.equal(world.tally.timeMs, last);
});

test('a log without a policy of its founders as entry 0 counts nothing', () => {
  const world = new World();
  assert.equal(admits(world.tally, world.registration(0), [builderKey(0)], world.nowMs).ok, false);
  world.policy(rulesWith(), [builderKey(0)]);
  assert.match(world.tally.alarms[0]?.reason ?? '', /needs 2 of its own founders, and 1 signed/);
  world.policy(rulesWith());
  world.register(0);
  world.release();
  assert.equal(world.tally.refusedTotal, 4);
  assert.deepEqual([world.tally.builders.size, world.tally.releases.size], [0, 0]);
  assert.deepEqual(entriesDue(world.tally, world.nowMs + 1e9), []);
});

test('entries out of order are the caller’s fault and are said so', () => {
  const world = World.founded();
  const tally = emptyTally(world.tally.context);
  const second = world.entries[1] ?? assert.fail();
  assert.throws(() => countEntry(tally, second), { code: 'internal' });
  assert.throws(() => emptyTally({ ...world.tally.context, logKey: 'vkey' }), { code: 'internal' });
});
