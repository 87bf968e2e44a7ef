import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, builderKey, COMMIT_SECONDS, hexOf, rulesWith, SECOND, World } from './world.ts';

const HALF = (COMMIT_SECONDS / 2) * SECOND;
const honest = hexOf('honest build');
const numbers = Array.from({ length: 9 }, (_, number) => number);
const numberOf = (key: string) => numbers.find((number) => builderKey(number) === key) ?? -1;

/** Nine eligible builders, three seats. */
function nine(): { world: World; release: string; panel: number[]; others: number[] } {
  const world = World.founded(rulesWith({ panelSeats: 3 }, 9));
  const release = world.opened();
  const panel = world.view(release).panel.map(numberOf);
  return { world, release, panel, others: numbers.filter((number) => !panel.includes(number)) };
}

test('at half of the commit window seats without a commitment pass on to the next in the lot’s order', () => {
  const { world, release, panel, others } = nine();
  const [early = 0, ...idle] = panel;
  world.commit(early, release, honest);
  const before = world.view(release);
  assert.equal(before.halfTimeMs, (before.openedMs ?? 0) + HALF);
  world.pass(HALF - SECOND);
  assert.deepEqual(world.view(release).passed, []);
  world.pass(SECOND);
  const clock = world.register(panel[1] ?? 0);
  const after = world.view(release);
  assert.deepEqual(new Set(after.passed.map(({ from }) => numberOf(from))), new Set(idle));
  assert.equal(after.panel.length, 3);
  assert.ok(after.panel.includes(builderKey(early)));
  const heirs = after.panel.map(numberOf).filter((number) => number !== early);
  assert.ok(heirs.every((heir) => others.includes(heir)));
  assert.ok(clock.index > 0);
  // Who lost the seat may still build, and does not count; the heirs do.
  for (const number of [...idle, ...heirs]) world.commit(number, release, honest);
  world.pass(HALF);
  for (const number of [early, ...idle, ...heirs]) world.vote(number, release, honest);
  world.audit(release, honest, early, ...idle, ...heirs);
  const view = world.verdict(release);
  assert.deepEqual([view.state, view.groups[0]?.counted, view.groups[0]?.total], ['final', 3, 5]);
  assert.match(
    world.standing(release, idle[0] ?? 0),
    /^not counted: had not committed by half of the commit window, so its seat passed on to [0-9a-f]{8}$/,
  );
  assert.equal(world.tally.alarmsTotal, 0);
});

test('half-time comes with the first entry at or after it, before that entry counts', () => {
  const { world, release, panel } = nine();
  world.nowMs += HALF;
  world.commit(panel[0] ?? 0, release, honest);
  const view = world.view(release);
  assert.equal(view.passed.length, 3, 'a commitment at half-time is too late for the seat');
  assert.equal(
    view.builders.find(({ key }) => key === builderKey(panel[0] ?? 0))?.committedIndex,
    world.entries.length - 1,
  );
});

test('a reported failure does not keep a seat', () => {
  const { world, release, panel } = nine();
  world.fail(panel[0] ?? 0, release);
  for (const number of panel.slice(1)) world.commit(number, release, honest);
  world.pass(HALF);
  world.register(8);
  assert.deepEqual(
    world.view(release).passed.map(({ from }) => numberOf(from)),
    [panel[0]],
  );
});

test('where nobody is left a seat stays with its holder', () => {
  const world = World.founded(rulesWith({ panelSeats: 4 }, 5));
  const release = world.opened();
  const panel = world.view(release).panel.map(numberOf);
  world.pass(HALF);
  world.register(0);
  const view = world.view(release);
  assert.equal(view.passed.length, 1, 'one of four seats has an heir');
  assert.equal(view.panel.length, 4);
  assert.equal(panel.filter((number) => view.panel.includes(builderKey(number))).length, 3);
  const everyone = World.founded();
  const small = everyone.opened();
  everyone.pass(HALF);
  everyone.run(small, all(honest, 0, 1, 2));
  assert.equal(everyone.verdict(small).winner, honest, 'all are on the panel: coming late costs nothing');
});

test('seats pass on once, and in each of several releases at its own time', () => {
  const world = World.founded(rulesWith({ panelSeats: 2, minimumVotes: 1 }, 9));
  const slow = world.opened({ package: 'pkg:npm/%40noble/slow@1.0.0', commitSeconds: COMMIT_SECONDS * 3 });
  const quick = world.opened({ package: 'pkg:npm/%40noble/quick@1.0.0' });
  world.pass(HALF);
  world.register(0);
  assert.deepEqual([world.view(slow).passed.length, world.view(quick).passed.length], [0, 2]);
  const { panel } = world.view(quick);
  world.pass(HALF / 2);
  world.register(0);
  assert.deepEqual(world.view(quick).panel, panel);
  world.pass(HALF * 2);
  world.register(0);
  assert.equal(world.view(slow).passed.length, 2);
});

test('a seat passes over who rotated or was revoked since the release, and is not lost', () => {
  const world = World.founded(rulesWith({ panelSeats: 3 }, 9));
  const release = world.opened();
  const idle = world.view(release).panel.map(numberOf);
  const others = numbers.filter((number) => !idle.includes(number));
  // All but three of those who could follow lose their weight.
  const [first = 0, second = 0, third = 0] = others;
  world.revoke(first);
  world.rotate(second);
  world.revoke(third);
  world.pass(HALF);
  world.register(others[5] ?? 0);
  const heirs = world.view(release).panel.map(numberOf);
  assert.deepEqual(new Set(heirs), new Set(others.slice(3)));
  assert.deepEqual(new Set(world.view(release).passed.map(({ from }) => numberOf(from))), new Set(idle));
  for (const number of heirs) world.commit(number, release, honest);
  world.pass(HALF);
  for (const number of heirs) world.vote(number, release, honest);
  world.audit(release, honest, ...heirs);
  assert.equal(world.verdict(release).state, 'final');
  assert.equal(world.tally.alarmsTotal, 0);
});
