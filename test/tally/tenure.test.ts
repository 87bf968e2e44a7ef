import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRules } from '../../src/statement/index.ts';
import { type BuilderView, builderView } from '../../src/tally/index.ts';
import { all, builderKey, HOUR, hexOf, rulesWith, SECOND, VOTE_SECONDS, World } from './world.ts';

const DAY = 24 * HOUR;
const honest = hexOf('honest build');
const other = hexOf('other build');
/** Tenure that a test can wait for. */
const SHORT = {
  tenure: { activeDays: 3, builds: 2, canaries: 0 },
  admission: { periodDays: 10, least: 2, share: [1, 10] as [number, number] },
};

function viewOf(world: World, number: number): BuilderView {
  return builderView(world.tally, builderKey(number)) ?? assert.fail();
}

let releases = 0;
/** A release on which builders vote, up to its verdict; its digest. */
function decide(world: World, votes: ReadonlyMap<number, string>): string {
  releases += 1;
  const release = world.opened({ package: `pkg:npm/%40noble/n${releases}@1.0.0` });
  world.run(release, votes);
  world.verdict(release);
  return release;
}

/** Lets days pass on each of which builders are audited for a vote. */
function seed(world: World, days: number, release: string, infoHashV2: string, ...numbers: number[]): void {
  for (let day = 0; day < days; day += 1) {
    world.pass(DAY);
    world.audit(release, infoHashV2, ...numbers);
  }
}

/** Lets newcomers show all that {@link SHORT} asks for. */
function qualify(world: World, ...numbers: number[]): void {
  decide(world, all(honest, 0, 1, 2, ...numbers));
  const release = decide(world, all(honest, 0, 1, 2, ...numbers));
  seed(world, 3, release, honest, ...numbers);
}

test('tenure begins with the first independent build that matched; a day with passed audits counts once', () => {
  const world = World.founded(rulesWith(SHORT));
  world.register(7);
  assert.match(viewOf(world, 7).standing.reason, /^not eligible yet: registered \(entry \d+\), and no build/);
  const first = decide(world, all(honest, 0, 1, 2, 7));
  const verdict = world.tally.releases.get(first)?.verdict?.index;
  assert.deepEqual(viewOf(world, 7).tenure, {
    sinceMs: world.nowMs,
    activeDays: 0,
    builds: 1,
    canaries: 0,
  });
  assert.equal(viewOf(world, 7).standing.index, verdict);
  for (let again = 0; again < 3; again += 1) world.audit(first, honest, 7);
  assert.equal(viewOf(world, 7).tenure.activeDays, 1);
  seed(world, 1, first, honest, 7);
  assert.equal(viewOf(world, 7).tenure.activeDays, 2);
  assert.match(viewOf(world, 7).standing.reason, /lacks 1 active days, 1 matching builds$/);
});

test('a mirror’s vote, an unaudited one and days before the first match earn nothing', () => {
  const world = World.founded(rulesWith(SHORT));
  world.register(7);
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  world.vote(7, release, honest);
  world.audit(release, honest, 7);
  world.verdict(release);
  assert.deepEqual(viewOf(world, 7).tenure, { activeDays: 0, builds: 0, canaries: 0 });
});

test('who has shown enough waits for the lot of the next period, and has no vote before', () => {
  const world = World.founded(rulesWith(SHORT));
  world.register(7);
  qualify(world, 7);
  assert.deepEqual([viewOf(world, 7).standing.stage, viewOf(world, 7).standing.eligible], ['waiting', false]);
  assert.ok(!world.view(world.opened()).panel.includes(builderKey(7)));
  world.pass(10 * DAY);
  assert.deepEqual([viewOf(world, 7).standing.stage, viewOf(world, 7).standing.eligible], ['eligible', true]);
  const { index } = viewOf(world, 7).standing;
  assert.ok(world.entries[index] !== undefined);
  const next = world.opened({ package: 'pkg:npm/%40noble/with-it@1.0.0' });
  assert.ok(world.view(next).panel.includes(builderKey(7)));
});

test('in one period at most the least, or the share of the eligible set, join', () => {
  const world = World.founded(rulesWith(SHORT));
  const newcomers = [10, 11, 12, 13, 14, 15, 16];
  for (const number of newcomers) world.register(number);
  qualify(world, ...newcomers);
  const joined = () => newcomers.filter((number) => viewOf(world, number).standing.eligible).length;
  assert.equal(joined(), 0);
  const sizes: number[] = [];
  for (let period = 0; period < 4; period += 1) {
    world.pass(10 * DAY);
    sizes.push(joined());
  }
  assert.deepEqual(sizes, [2, 4, 6, 7]);
});

test('of many that were drawn eight join with each entry, in the order of the lot', () => {
  const rules = { ...SHORT, admission: { ...SHORT.admission, periodDays: 30, least: 19 } };
  const world = World.founded(rulesWith(rules));
  const newcomers = Array.from({ length: 28 }, (_, number) => 10 + number);
  for (const number of newcomers) world.register(number);
  for (let at = 0; at < newcomers.length; at += 14) qualify(world, ...newcomers.slice(at, at + 14));
  const joined = () => newcomers.filter((number) => viewOf(world, number).standing.eligible);
  assert.equal(joined().length, 0);
  world.nowMs += 30 * DAY;
  const sizes: number[] = [];
  for (let entry = 0; entry < 4; entry += 1) {
    world.register(100 + entry);
    sizes.push(joined().length);
  }
  assert.deepEqual(sizes, [8, 16, 19, 19]);
  assert.equal(new Set(joined().map((number) => viewOf(world, number).standing.index)).size, 3);
  assert.equal(world.tally.alarmsTotal, 0);
});

test('a flood of newcomers that copy, however many, gets no seat before its tenure', () => {
  const world = World.founded();
  const flood = Array.from({ length: 60 }, (_, number) => 100 + number);
  for (const number of flood) world.register(number);
  const release = world.opened();
  world.run(release, new Map([...all(honest, 0, 1, 2, 3, 4), ...all(other, ...flood)]));
  const view = world.verdict(release);
  assert.deepEqual([view.winner, view.panel.length], [honest, 5]);
  world.pass(400 * DAY);
  assert.equal(flood.filter((number) => viewOf(world, number).standing.eligible).length, 0);
});

test('an elder is one that has been a member for long; its vote is needed as a founder’s is', () => {
  const world = World.founded(rulesWith({ ...SHORT, elderDays: 30 }));
  world.register(7);
  qualify(world, 7);
  world.pass(10 * DAY);
  assert.equal(viewOf(world, 7).standing.stage, 'eligible');
  world.pass(30 * DAY);
  assert.equal(viewOf(world, 7).standing.stage, 'elder');
  const release = world.opened();
  assert.ok(world.tally.releases.get(release)?.draw.seniors.includes(builderKey(7)));
});

test('building something else than five clusters that agree ends tenure; it begins again from nothing', () => {
  const world = World.founded(rulesWith(SHORT));
  world.register(7);
  qualify(world, 7);
  world.pass(10 * DAY);
  const { index } = world.tally.builders.get(builderKey(7))?.life.admitted ?? assert.fail();
  assert.ok(index > 0);
  const release = decide(world, new Map([...all(honest, 0, 1, 2, 3, 4), ...all(other, 7)]));
  const view = viewOf(world, 7);
  assert.equal(world.view(release).winner, honest);
  assert.deepEqual(view.tenure, { activeDays: 0, builds: 0, canaries: 0 });
  assert.deepEqual([view.standing.eligible, view.diverged?.release], [false, release]);
  assert.match(view.standing.reason, /^not eligible: it built something else than the others \(entry \d+\)/);
  world.pass(30 * DAY);
  assert.equal(viewOf(world, 7).standing.eligible, false, 'the lot does not remember it');
});

test('no divergence with fewer than five clusters, or less than four in five alike', () => {
  const margins: Partial<PolicyRules> = { panelMargin: [3, 5], foundersMargin: [3, 5] };
  const small = World.founded(rulesWith(margins, 4));
  const few = decide(small, new Map([...all(honest, 0, 1, 2), ...all(other, 3)]));
  assert.equal(small.view(few).winner, honest);
  assert.equal(viewOf(small, 3).diverged, undefined);
  const world = World.founded(rulesWith(margins, 7));
  const split = decide(world, new Map([...all(honest, 0, 1, 2, 3, 4), ...all(other, 5, 6)]));
  assert.equal(world.view(split).winner, honest, '5 of 7 win, and are below four fifths');
  assert.deepEqual([viewOf(world, 5).diverged, viewOf(world, 6).diverged], [undefined, undefined]);
});

test('a founder that diverges is suspended, and comes back; never opening a commitment is the same', () => {
  for (const opens of [true, false]) {
    const world = World.founded(rulesWith({}, 6));
    const release = world.opened();
    if (!opens) world.commit(5, release, other);
    world.run(release, new Map([...all(honest, 0, 1, 2, 3, 4), ...(opens ? all(other, 5) : [])]));
    world.pass(VOTE_SECONDS * SECOND);
    if (!opens) {
      assert.equal(viewOf(world, 5).standing.stage, 'founder');
      world.pass(14 * DAY);
    }
    const { standing, diverged } = viewOf(world, 5);
    assert.deepEqual([standing.stage, standing.index], ['suspended', diverged?.index]);
    assert.match(standing.reason, opens ? /it built something else/ : /it never opened its commitment/);
    assert.ok(
      !world.view(world.opened({ package: 'pkg:npm/%40noble/x@1.0.0' })).panel.includes(builderKey(5)),
    );
    world.pass(30 * DAY);
    assert.equal(viewOf(world, 5).standing.stage, 'founder');
    assert.ok(
      world.view(world.opened({ package: 'pkg:npm/%40noble/y@1.0.0' })).panel.includes(builderKey(5)),
    );
  }
});

test('contradicting oneself is a divergence, whatever the others say', () => {
  const world = World.founded();
  const release = world.opened();
  world.commit(3, release, honest);
  const { index } = world.commit(3, release, other);
  world.run(release, all(honest, 0, 1));
  world.verdict(release);
  const { standing } = viewOf(world, 3);
  assert.deepEqual(
    [standing.stage, standing.reason.includes(`contradicted itself (entry ${index})`)],
    ['suspended', true],
  );
});

test('a policy that asks for more lets those wait no more who have less', () => {
  const world = World.founded(
    rulesWith({ ...SHORT, admission: { periodDays: 60, least: 2, share: [1, 10] } }),
  );
  world.register(7);
  qualify(world, 7);
  assert.equal(viewOf(world, 7).standing.stage, 'waiting');
  const more = rulesWith({ ...SHORT, tenure: { activeDays: 30, builds: 2, canaries: 0 } });
  world.policy(more, more.founders, world.nowMs + 14 * DAY);
  world.pass(14 * DAY);
  assert.equal(viewOf(world, 7).standing.stage, 'candidate');
});

test('a founder that a later policy leaves out has the tenure that it earned, and no seat', () => {
  const world = World.founded();
  const fewer = rulesWith({}, 4);
  world.policy(fewer, rulesWith().founders, world.nowMs + 14 * DAY);
  assert.equal(viewOf(world, 4).standing.stage, 'founder');
  world.pass(14 * DAY);
  assert.equal(viewOf(world, 4).standing.stage, 'newcomer');
  assert.ok(!world.view(world.opened()).panel.includes(builderKey(4)));
});

test('a member keeps its vote whatever others declare later', () => {
  const world = World.founded(rulesWith(SHORT));
  world.register(7, { operator: 'operator 1', prefixes: ['127.0.0.0/24', '127.0.2.0/24'] });
  qualify(world, 7);
  world.pass(10 * DAY);
  assert.equal(viewOf(world, 7).standing.eligible, true);
  assert.match(viewOf(world, 7).standing.reason, /has the one vote of its operator or network$/);
  assert.deepEqual(world.view(world.opened()).panel, [0, 1, 2, 3, 4].map(builderKey).sort());
});
