import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStatement, type PredicateInput } from '../../src/statement/index.ts';
import { admits, type BuilderView, builderView } from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  HOUR,
  hexOf,
  LOG,
  PACKAGE,
  rulesWith,
  SECOND,
  World,
} from './world.ts';

const honest = hexOf('honest build');
const variant = hexOf('the variant, built');
const WINDOW_SECONDS = 1800;
const rules = rulesWith({
  canary: {
    group: 3,
    perRelease: 1,
    commitSeconds: WINDOW_SECONDS,
    voteSeconds: WINDOW_SECONDS,
    settlers: 2,
    settleDays: 30,
  },
  divergence: { clusters: 5, share: [4, 5], graceDays: 14, founderSuspensionDays: 30 },
});
/** Builders 0 to 4 are founders, 5 to 9 are not. */
const EVERYBODY = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** A world with a release that is closed, and the canary that follows; its members' numbers. */
function drawn(commits: readonly number[] = EVERYBODY, perRelease = 1) {
  const world = World.founded({ ...rules, canary: { ...rules.canary, perRelease } });
  for (const number of EVERYBODY.slice(5)) world.register(number);
  const release = world.opened({ canaryVariants: 7 });
  for (const number of commits) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  const canaries = [...world.tally.canaries.values()];
  const members = (canaries[0]?.members ?? []).map((key) =>
    EVERYBODY.findIndex((number) => builderKey(number) === key),
  );
  return { world, release, canaries, canary: canaries[0]?.digest ?? '', members };
}

function viewOf(world: World, number: number): BuilderView {
  return builderView(world.tally, builderKey(number)) ?? assert.fail();
}

/** Commits, closes, reveals, and ends the vote window. */
function build(world: World, canary: string, votes: ReadonlyMap<number, string>): string | undefined {
  for (const [number, output] of votes) world.commit(number, canary, output);
  world.pass(WINDOW_SECONDS * SECOND);
  for (const [number, output] of votes) world.vote(number, canary, output);
  world.pass(WINDOW_SECONDS * SECOND);
  return world.tally.canaries.get(canary)?.phase;
}

function passed(world: World, numbers: readonly number[]): number[] {
  return numbers.map((number) => viewOf(world, number).canaries.passed);
}

test('after close a group of three is drawn among those who committed, on the panel or not', () => {
  const seen = new Set<number>();
  const { world, canaries, members } = drawn();
  assert.equal(canaries.length, 1);
  assert.equal(members.length, 3);
  const { statement } = world.entries[canaries[0]?.index ?? 0] ?? assert.fail();
  assert.ok(statement.kind === 'canary' && statement.predicate.variant < 7);
  assert.equal(world.tally.alarmsTotal, 0);
  for (const each of drawn(EVERYBODY, 3).canaries) {
    for (const key of each.members) seen.add(EVERYBODY.findIndex((number) => builderKey(number) === key));
  }
  assert.equal(seen.size, 9, 'nobody is in two groups of one release');
});

test('no group is drawn that is not full, nor for a recipe without variants', () => {
  assert.equal(drawn([0, 1]).canaries.length, 0);
  const world = World.founded(rules);
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2, 3));
  assert.equal(world.tally.canaries.size, 0);
});

test('all who open agree: each gains a canary', () => {
  const { world, canary, members } = drawn();
  assert.equal(build(world, canary, all(variant, ...members)), 'final');
  assert.deepEqual(passed(world, members), [1, 1, 1]);
  assert.deepEqual(
    members.map((number) => viewOf(world, number).tenure.canaries),
    [1, 1, 1],
  );
  assert.equal(world.tally.alarmsTotal, 0);
});

test('absence is no dissent; alone nobody passes', () => {
  const { world, canary, members } = drawn();
  const [first = 0, second = 0, third = 0] = members;
  assert.equal(build(world, canary, all(variant, first, second)), 'final');
  assert.deepEqual(passed(world, members), [1, 1, 0]);
  assert.equal(viewOf(world, third).canaries.missed, 1);
  const lonely = drawn();
  assert.equal(build(lonely.world, lonely.canary, all(variant, first)), 'failed');
  assert.deepEqual(passed(lonely.world, members), [0, 0, 0]);
});

/** A canary whose two honest members and a cheat disagree, and the founders outside its group. */
function contested() {
  const { world, canary, members } = drawn([0, 5, 6]);
  const honestOnes = members.filter((number) => number !== 5);
  const votes = new Map([...all(variant, ...honestOnes), ...all(hexOf('guessed'), 5)]);
  assert.equal(build(world, canary, votes), 'contested');
  return { world, canary, honestOnes, cheat: 5, outside: [1, 2, 3, 4] as const };
}

test('a disagreement judges nobody until two founders have rebuilt it; then who differs diverges', () => {
  const { world, canary, members } = drawn();
  const [first = 0, second = 0, cheat = 0] = members;
  const votes = new Map([...all(variant, first, second), ...all(hexOf('guessed'), cheat)]);
  assert.equal(build(world, canary, votes), 'contested');
  assert.deepEqual(passed(world, members), [0, 0, 0]);
  assert.equal(viewOf(world, cheat).diverged, undefined);
  const founders = [0, 1, 2, 3, 4].filter((number) => !members.includes(number));
  const outsider = [5, 6, 7, 8, 9].find((number) => !members.includes(number)) ?? 0;
  world.vote(outsider, canary, hexOf('guessed'));
  assert.match(world.tally.refusals.at(-1)?.reason ?? '', /the lot gave this canary to other builders/);
  for (const founder of founders.slice(0, 2)) world.vote(founder, canary, variant);
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'final');
  assert.deepEqual(passed(world, members), [1, 1, 0]);
  const { diverged, canaries, standing } = viewOf(world, cheat);
  assert.deepEqual([diverged?.release, canaries.failed, standing.eligible], [canary, 1, false]);
  assert.match(standing.reason, /it built another canary than the others/);
  assert.equal(world.tally.alarmsTotal, 0);
});

test('one founder with a member of the group ruins nobody: it takes two that say the same', () => {
  const { world, canary, honestOnes, cheat, outside } = contested();
  const [liar, one, two] = outside;
  world.vote(liar, canary, hexOf('guessed'));
  world.vote(liar, canary, hexOf('guessed'), hexOf('another salt'));
  assert.match(world.tally.refusals.at(-1)?.reason ?? '', /it said what it came to in entry/);
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'contested');
  world.vote(one, canary, variant);
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'contested', 'founders that differ settle nothing');
  for (const number of [cheat, ...honestOnes]) assert.equal(viewOf(world, number).diverged, undefined);
  world.vote(two, canary, variant);
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'final');
  for (const number of honestOnes) assert.equal(viewOf(world, number).diverged, undefined);
  assert.equal(viewOf(world, cheat).diverged?.release, canary);
  world.vote(outside[3], canary, hexOf('guessed'));
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-early');
  assert.equal(world.tally.alarmsTotal, 0);
});

test('two founders of one network are one, whatever else they say', () => {
  const { world, canary, outside } = contested();
  const [first, second, third] = outside;
  world.register(second, { prefixes: ['127.0.2.0/24', `127.0.${first}.0/24`] });
  world.vote(first, canary, variant);
  world.vote(second, canary, variant);
  assert.match(world.tally.refusals.at(-1)?.reason ?? '', /has the vote of its operator or network/);
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'contested');
  world.vote(third, canary, variant);
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'final');
});

test('a disagreement that nobody settles in time judges nobody, ever', () => {
  const { world, canary, honestOnes, cheat, outside } = contested();
  const [one, two] = outside;
  world.vote(one, canary, hexOf('guessed'));
  world.pass(30 * 24 * HOUR);
  world.vote(two, canary, hexOf('guessed'));
  assert.deepEqual(
    [world.tally.refusals.at(-1)?.code, world.tally.canaries.get(canary)?.phase],
    ['too-late', 'contested'],
  );
  world.pass(HOUR);
  for (const number of [cheat, ...honestOnes]) assert.equal(viewOf(world, number).diverged, undefined);
  assert.equal(world.tally.alarmsTotal, 0);
});

test('a rebuild that agrees with nobody judges nobody: the variant may be at fault', () => {
  const { world, canary, members } = drawn();
  const votes = new Map(members.map((number) => [number, hexOf(`unstable ${number}`)]));
  assert.equal(build(world, canary, votes), 'contested');
  const founders = [0, 1, 2, 3, 4].filter((number) => !members.includes(number));
  for (const founder of founders.slice(0, 2)) world.vote(founder, canary, hexOf('unstable too'));
  world.pass(0);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'failed');
  for (const number of members) assert.equal(viewOf(world, number).diverged, undefined);
});

test('a freeloader that commits to something and cannot open it diverges', () => {
  const { world, canary, members } = drawn();
  const [first = 0, second = 0, freeloader = 0] = members;
  const { index } = world.commit(freeloader, canary, honest);
  assert.equal(build(world, canary, all(variant, first, second)), 'final');
  assert.deepEqual(
    viewOf(world, freeloader).unopened.map(({ release }) => release),
    [canary],
  );
  world.vote(freeloader, canary, variant);
  assert.match(world.tally.refusals.at(-1)?.reason ?? '', /do not open the commitment/);
  world.pass(14 * 24 * HOUR);
  assert.deepEqual([viewOf(world, freeloader).canaries.failed, viewOf(world, freeloader).unopened], [1, []]);
  assert.match(
    viewOf(world, freeloader).standing.reason,
    new RegExp(`it never opened its commitment to a canary \\(entry ${index}\\)`),
  );
});

test('two commitments to a canary are a divergence whatever comes of it', () => {
  const { world, canary, members } = drawn();
  const [first = 0] = members;
  world.commit(first, canary, honest);
  world.commit(first, canary, variant);
  world.pass(2 * WINDOW_SECONDS * SECOND);
  world.pass(0);
  world.pass(WINDOW_SECONDS * SECOND);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'failed');
  assert.match(viewOf(world, first).diverged?.why ?? '', /it contradicted itself on a canary/);
});

test('strangers do not commit to a canary; a commitment after the window is late', () => {
  const { world, canary, members } = drawn();
  const stranger = EVERYBODY.find((number) => !members.includes(number)) ?? 0;
  world.commit(stranger, canary, variant);
  assert.equal(world.tally.refusals.at(-1)?.code, 'wrong-signer');
  world.nowMs += WINDOW_SECONDS * SECOND;
  world.commit(members[0] ?? 0, canary, variant);
  assert.equal(world.tally.refusals.at(-1)?.code, 'too-late');
  world.fail(stranger, canary);
  assert.equal(world.tally.refusals.at(-1)?.code, 'wrong-signer');
});

test('a log that picks the members, the variant or the outcome itself is caught', () => {
  const { world, release, canary, members } = drawn(EVERYBODY, 2);
  const lie = (change: Partial<PredicateInput<'canary'>>) => {
    const { statement } = world.entries[world.tally.canaries.get(canary)?.index ?? 0] ?? assert.fail();
    assert.ok(statement.kind === 'canary');
    const predicate = { ...statement.predicate, ...world.bound(), ...change };
    return makeStatement('canary', { name: PACKAGE, sha256: release }, predicate);
  };
  const refusal = (statement: ReturnType<typeof lie>) => {
    const answer = admits(world.tally, statement, [LOG], world.nowMs);
    return answer.ok ? 'admitted' : answer.code;
  };
  assert.equal(refusal(lie({})), 'duplicate');
  assert.equal(refusal(lie({ group: 2 })), 'too-early');
  world.append(lie({ group: 0 }), [builderKey(0)]);
  assert.equal(world.tally.refusals.at(-1)?.code, 'wrong-signer');
  for (const number of members) world.commit(number, canary, variant);
  world.pass(WINDOW_SECONDS * SECOND);
  for (const number of members) world.vote(number, canary, variant);
  const alarms = world.tally.alarmsTotal;
  world.nowMs += WINDOW_SECONDS * SECOND;
  const wrong = { ...world.bound(), release: canary, state: 'failed' as const, infoHashV2: null, groups: [] };
  world.append(makeStatement('verdict', { name: PACKAGE, sha256: canary }, wrong), [LOG]);
  assert.equal(world.tally.alarmsTotal, alarms + 1);
  assert.equal(world.tally.canaries.get(canary)?.phase, 'final', 'the recomputed outcome stands');
});

test('a canary with members of the log’s own choice raises an alarm, and the lot’s members hold', () => {
  const world = World.founded(rules);
  const release = world.opened({ canaryVariants: 7 });
  for (const number of [0, 1, 2, 3, 4]) world.commit(number, release, honest);
  world.nowMs += COMMIT_SECONDS * SECOND;
  const close = { ...world.bound(), release, commitments: 5 };
  world.append(makeStatement('close', { name: PACKAGE, sha256: release }, close), [LOG]);
  const due = world.tally.releases.get(release)?.canaryGroups[0] ?? assert.fail();
  const members = [0, 1, 2, 3, 4]
    .map(builderKey)
    .filter((key) => !due.members.includes(key))
    .sort();
  const ends = {
    commitEndsMs: world.nowMs + WINDOW_SECONDS * SECOND,
    voteEndsMs: world.nowMs + 2 * WINDOW_SECONDS * SECOND,
  };
  const chosen = { ...world.bound(), release, group: 0, variant: due.variant, members, ...ends };
  const { payloadDigest } = world.append(
    makeStatement('canary', { name: PACKAGE, sha256: release }, chosen),
    [LOG],
  );
  assert.match(world.tally.alarms.at(-1)?.reason ?? '', /other members than the lot drew/);
  assert.deepEqual(world.tally.canaries.get(payloadDigest)?.members, due.members);
});
