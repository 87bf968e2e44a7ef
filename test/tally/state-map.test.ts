import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { makeStatement, type StatementOf } from '../../src/statement/index.ts';
import { admits, entriesDue, tallyDigest } from '../../src/tally/index.ts';
import { rootFromNothing } from './root-from-nothing.ts';
import { all, builderKey, HOUR, hexOf, LOG, PACKAGE, PUBLISHER, World } from './world.ts';

const DAY = 24 * HOUR;

function statesOf(world: World): (StatementOf<'state'> & { index: number })[] {
  return world.entries.flatMap(({ statement, index }) =>
    statement.kind === 'state' ? [{ ...statement, index }] : [],
  );
}

test('a state follows each verdict at once, and else a day; it is what all values come to', () => {
  const world = World.founded();
  world.pass(23 * HOUR);
  assert.equal(statesOf(world).length, 0);
  const before = rootFromNothing(world.tally);
  world.pass(HOUR);
  const [daily] = statesOf(world);
  assert.equal(daily?.predicate.root, before);
  assert.equal(daily.predicate.builders, 5);

  const release = world.opened();
  world.run(release, all(hexOf('output'), 0, 1, 2, 3));
  world.verdict(release);
  const [verdict, state] = world.entries.slice(-2);
  assert.equal(verdict?.statement.kind, 'verdict');
  assert.equal(state?.statement.kind, 'state');
  const { predicate } = statesOf(world).at(-1) ?? assert.fail();
  assert.deepEqual(
    { ...predicate, timeMs: 0 },
    {
      origin: world.tally.context.origin,
      timeMs: 0,
      size: state?.index,
      root: rootFromNothing(world.tally),
      builders: 5,
      eligible: 5,
      releases: 1,
      names: 1,
      policy: world.tally.policy?.digest,
    },
  );
  assert.equal(
    world.tally.light.map.size,
    5 + 5,
    'the policy in force, as taken, release, name and newest beside the builders',
  );
  const value = world.tally.light.map.get(`release:${release}`) ?? '';
  assert.equal(JSON.parse(value).state, 'final');
  assert.equal(JSON.parse(value).infoHashV2, hexOf('output'));
  assert.equal(world.tally.alarmsTotal, 0);
});

test('asking what is due changes nothing, and the map stays that of the last state', () => {
  const world = World.founded();
  world.pass(DAY);
  const root = toHex(world.tally.light.map.root());
  world.register(4, { operator: 'renamed' });
  world.release();
  world.nowMs += DAY;
  const before = tallyDigest(world.tally);
  for (let times = 0; times < 3; times += 1) assert.ok(entriesDue(world.tally, world.nowMs).length > 0);
  assert.equal(tallyDigest(world.tally), before);
  assert.equal(toHex(world.tally.light.map.root()), root);
});

test('a state with another root or another figure is refused at the door, and an alarm in a log', () => {
  for (const change of [{ root: hexOf('other') }, { eligible: 6 }, { size: 3 }, { policy: hexOf('other') }]) {
    const world = World.founded();
    world.nowMs += DAY;
    const [due] = entriesDue(world.tally, world.nowMs);
    assert.equal(due?.kind, 'state');
    const predicate = { ...due.predicate, ...change };
    const lie = makeStatement('state', { name: 'state', sha256: predicate.root }, predicate);
    const answer = admits(world.tally, lie, [LOG], world.nowMs);
    assert.equal(answer.ok ? 'admitted' : answer.code, 'wrong-content');
    world.append(lie, [LOG]);
    assert.match(world.tally.alarms[0]?.reason ?? '', /state says \w+ .*, and the count says/);
    assert.equal(world.tally.light.last?.root, rootFromNothing(world.tally), 'the recomputed one stands');
  }
});

test('a state is due or refused; nobody but the log writes one', () => {
  const world = World.founded();
  world.nowMs += DAY;
  const [due] = entriesDue(world.tally, world.nowMs);
  assert.equal(due?.kind, 'state');
  const answer = admits(world.tally, due, [builderKey(0)], world.nowMs);
  assert.equal(answer.ok ? 'admitted' : answer.code, 'wrong-signer');
  world.append(due, [LOG]);
  world.register(4, { operator: 'renamed' });
  world.append(makeStatement('state', due.subject, { ...due.predicate, size: world.tally.size }), [LOG]);
  assert.match(world.tally.alarms[0]?.reason ?? '', /no state is due/);
  world.register(9);
  const before = rootFromNothing(world.tally);
  world.pass(DAY);
  assert.equal(statesOf(world).at(-1)?.predicate.root, before, 'the refused one took nothing away');
});

test('a rival shows in the name, a later final release as the newest of its package', () => {
  const world = World.founded();
  const first = world.opened();
  world.run(first, all(hexOf('output'), 0, 1, 2, 3));
  world.verdict(first);
  const rival = world.release({ recipe: { sha256: hexOf('another recipe'), sizeBytes: 3 } }, PUBLISHER);
  const next = world.opened({ package: PACKAGE.replace('2.0.1', '2.0.2') });
  world.run(next, all(hexOf('next output'), 0, 1, 2, 3));
  world.verdict(next);
  const read = (key: string) => JSON.parse(world.tally.light.map.get(key) ?? 'null');
  assert.deepEqual(read(`name:${PACKAGE}`), { live: first, rivals: [rival] });
  assert.deepEqual(read(`newest:${PACKAGE.replace('@2.0.1', '')}`), {
    final: {
      index: world.tally.releases.get(next)?.index,
      package: PACKAGE.replace('2.0.1', '2.0.2'),
      release: next,
    },
  });
  assert.equal(statesOf(world).at(-1)?.predicate.root, rootFromNothing(world.tally));
});
