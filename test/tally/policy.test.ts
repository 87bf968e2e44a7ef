import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeStatement, type PolicyRules } from '../../src/statement/index.ts';
import { admits, parsePolicyToml } from '../../src/tally/index.ts';
import { lineOf, tomlLines } from '../../src/tally/toml-lines.ts';
import { builderKey, hexOf, rulesWith, SECOND, World } from './world.ts';

const DAY = 86_400 * SECOND;

/** The figures that hold where a file is silent. */
const DEFAULTS = {
  tenure: { activeDays: 180, builds: 20, canaries: 5 },
  elderDays: 365,
  admission: { periodDays: 30, least: 2, share: [1, 10] },
  divergence: { clusters: 5, share: [4, 5], graceDays: 14, founderSuspensionDays: 30 },
  coolingDays: 14,
  urgent: { founders: 2, commitFloorSeconds: 7200, voteFloorSeconds: 21_600, provisionalClusters: 3 },
  canary: {
    group: 3,
    perRelease: 1,
    commitSeconds: 86_400,
    voteSeconds: 259_200,
    settlers: 2,
    settleDays: 30,
  },
  witnesses: { keys: [], quorum: 0 },
  monitors: { keys: [], quorum: 0 },
};

const TOML = `
name = "example"
demo = false
founders = ["${'0a'.repeat(32)}", "${'0b'.repeat(32)}"]
foundersQuorum = 2
panelSeats = 15
minimumVotes = 3
panelMargin = [2, 3]
foundersMargin = [2, 3]
heartbeatSeconds = 600

[windows]
commitFloorSeconds = 86400
voteFloorSeconds = 259200

[[publishers]]
prefix = "pkg:npm/%40noble/"
keys = ["${'0c'.repeat(32)}"]
`;

test('a policy file is read', () => {
  assert.deepEqual(parsePolicyToml(TOML), {
    name: 'example',
    demo: false,
    founders: ['0a'.repeat(32), '0b'.repeat(32)],
    foundersQuorum: 2,
    publishers: [{ prefix: 'pkg:npm/%40noble/', keys: ['0c'.repeat(32)] }],
    panelSeats: 15,
    minimumVotes: 3,
    panelMargin: [2, 3],
    foundersMargin: [2, 3],
    windows: { commitFloorSeconds: 86_400, voteFloorSeconds: 259_200, endEarly: false },
    heartbeatSeconds: 600,
    ...DEFAULTS,
  });
});

test('the documented policy file holds the defaults, and names every key there is', () => {
  const text = readFileSync(new URL('../../docs/default-policy.toml', import.meta.url), 'utf8');
  const documented = parsePolicyToml(text);
  for (const [group, figures] of Object.entries(DEFAULTS)) {
    assert.deepEqual(documented[group as keyof PolicyRules], figures, group);
  }
  const lines = tomlLines(text);
  const leaves = (value: object, path: string): string[] =>
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === 'object' && !Array.isArray(inner)
        ? leaves(inner as object, `${path}${key}.`)
        : [`${path}${key}`],
    );
  for (const leaf of leaves(documented, '')) {
    assert.ok(lines.has(leaf) || leaf === 'publishers', `${leaf} is not in the file`);
  }
});

test('a group of figures may be given in part', () => {
  const rules = parsePolicyToml(`${TOML}\n[tenure]\nbuilds = 7\n`);
  assert.deepEqual(rules.tenure, { activeDays: 180, builds: 7, canaries: 5 });
});

for (const [what, from, to, message] of [
  ['no TOML', 'demo = false', 'demo = ', /not TOML/],
  ['a missing figure', 'minimumVotes = 3', '', /minimumVotes: it is missing, expected number/],
  ['an unknown key', 'minimumVotes = 3', 'minimumVotes = 3\nminimumvotes = 3', /minimumvotes/],
  ['a figure as text', 'panelSeats = 15', 'panelSeats = "15"', /panelSeats: /],
  [
    'a margin of a half',
    'panelMargin = [2, 3]',
    'panelMargin = [1, 2]',
    /panelMargin: a share above one half/,
  ],
  ['too many founders to sign', 'foundersQuorum = 2', 'foundersQuorum = 3', /3 of 2 founders can never sign/],
  [
    'short windows',
    'commitFloorSeconds = 86400',
    'commitFloorSeconds = 60',
    /commitFloorSeconds: .*demo = true/,
  ],
  ['a prefix that cuts a name', '%40noble/"', '%40nob"', /publishers\.0\.prefix: /],
  [
    'a key that is no key',
    '0c'.repeat(32),
    '0c',
    /line 18: publishers\.0\.keys\.0: give 64 lower-case hex digits/,
  ],
  [
    'an urgent floor',
    'heartbeatSeconds = 600',
    'heartbeatSeconds = 600\nurgent = { voteFloorSeconds = 60 }',
    /line 11: .*demo = true/,
  ],
  [
    'a witness quorum of nobody',
    'heartbeatSeconds = 600',
    'heartbeatSeconds = 600\n[witnesses]\nquorum = 1',
    /line 11: witnesses: give a quorum/,
  ],
  [
    'a witness that is no key',
    'heartbeatSeconds = 600',
    'heartbeatSeconds = 600\n[witnesses]\nkeys = ["w.example+00000000+AQ=="]\nquorum = 1',
    /line 12: witnesses\.keys\.0: give the vkey/,
  ],
] as const) {
  test(`a policy file is refused, and the message says where: ${what}`, () => {
    const text = TOML.replace(from, to);
    assert.notEqual(text, TOML);
    assert.throws(() => parsePolicyToml(text), { code: 'bad-policy', message });
  });
}

test('lines are found in tables, in arrays of several lines, and under comments', () => {
  const lines = tomlLines(
    'a = 1 # x = 2\n[t.u] # table\nb = [\n  "x", # ]\n  "#",\n  "y", "z",\n]\nc = ["[", "]"]\n[[p]]\nd = 1\n[[p]]\nd = 2\n',
  );
  assert.deepEqual(Object.fromEntries(lines), {
    a: 1,
    't.u': 2,
    't.u.b': 3,
    't.u.b.0': 4,
    't.u.b.1': 5,
    't.u.b.2': 6,
    't.u.b.3': 6,
    't.u.c': 8,
    't.u.c.0': 8,
    't.u.c.1': 8,
    'p.0': 9,
    'p.0.d': 10,
    'p.1': 11,
    'p.1.d': 12,
  });
  assert.equal(lineOf(lines, ['t', 'u', 'missing']), 2);
  assert.equal(lineOf(lines, ['nothing']), undefined);
});

test('a file of 65,537 characters is no policy', () => {
  assert.throws(() => parsePolicyToml(`#${'x'.repeat(65_536)}`), { code: 'bad-policy', message: /at most/ });
});

test('a later policy needs the founders in force and fourteen days, and then holds from its day', () => {
  const world = World.founded();
  const old = world.tally.policy?.rules;
  const next: PolicyRules = rulesWith({ name: 'next', founders: [hexOf('new founder')], foundersQuorum: 1 });
  const door = (signers: string[], effectiveMs: number) => {
    const subject = { name: 'policy', sha256: hexOf('file') };
    const statement = makeStatement('policy', subject, { ...world.bound(), rules: next, effectiveMs });
    const answer = admits(world.tally, statement, signers, world.nowMs);
    return answer.ok ? 'admitted' : answer.code;
  };
  const founders = [builderKey(0), builderKey(1)];
  assert.equal(door([hexOf('new founder')], world.nowMs + 14 * DAY), 'wrong-signer');
  assert.equal(door([builderKey(0)], world.nowMs + 14 * DAY), 'wrong-signer');
  assert.equal(door([builderKey(0), builderKey(0)], world.nowMs + 14 * DAY), 'wrong-signer');
  assert.equal(door(founders, world.nowMs + 14 * DAY - 1), 'bad-policy');
  assert.equal(door(founders, world.nowMs + 14 * DAY), 'admitted');
  world.policy(next, founders, world.nowMs + 14 * DAY);
  assert.equal(world.tally.policy?.rules, old);
  world.pass(14 * DAY - 1);
  assert.equal(world.tally.policy?.rules, old);
  world.pass(1);
  world.register(0);
  assert.equal(world.tally.policy?.rules.name, 'next');
});

test('of several policies that wait, each holds from its own day, in whatever order they came', () => {
  const world = World.founded();
  const founders = [builderKey(0), builderKey(1)];
  for (const [name, days] of [
    ['third', 40],
    ['first', 20],
    ['second', 30],
  ] as const) {
    world.policy(rulesWith({ name }), founders, world.nowMs + days * DAY);
  }
  const names: (string | undefined)[] = [];
  for (let day = 10; day <= 50; day += 10) {
    world.pass(10 * DAY);
    world.register(0);
    names.push(world.tally.policy?.rules.name);
  }
  assert.deepEqual(names, ['test', 'first', 'second', 'third', 'third']);
  assert.deepEqual(world.tally.pendingPolicies, []);
});

test('of policies whose days all passed in silence the latest holds', () => {
  const world = World.founded();
  const founders = [builderKey(0), builderKey(1)];
  for (const days of [20, 30])
    world.policy(rulesWith({ name: `day ${days}` }), founders, world.nowMs + days * DAY);
  world.nowMs += 35 * DAY;
  world.register(0);
  assert.equal(world.tally.policy?.rules.name, 'day 30');
  assert.deepEqual(world.tally.pendingPolicies, []);
});

test('at most sixteen policies wait', () => {
  const world = World.founded();
  const founders = [builderKey(0), builderKey(1)];
  for (let at = 0; at < 20; at += 1)
    world.policy(rulesWith({ name: `p${at}` }), founders, world.nowMs + (20 + at) * DAY);
  assert.equal(world.tally.pendingPolicies.length, 16);
  assert.equal(world.tally.refusedTotal, 4);
});

test('a release keeps the rules under which it was logged', () => {
  const world = World.founded();
  const founders = [builderKey(0), builderKey(1)];
  world.policy(rulesWith({ name: 'next', minimumVotes: 5 }), founders, world.nowMs + 14 * DAY);
  world.pass(14 * DAY - SECOND);
  const release = world.opened();
  world.pass(2 * SECOND);
  world.register(0);
  assert.equal(world.tally.policy?.rules.minimumVotes, 5);
  assert.equal(world.view(release).quorum, 3);
});

test('the count imports nothing of Node, so that a browser can run it', () => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, target = ''] of readFileSync(url, 'utf8').matchAll(/ from '([^']+)';/g)) {
      assert.ok(!target.startsWith('node:'), `${url.pathname} imports ${target}`);
      if (target.startsWith('.')) visit(new URL(target, url));
    }
  };
  visit(new URL('../../src/tally/index.ts', import.meta.url));
  visit(new URL('../../src/note/index.ts', import.meta.url));
  assert.ok(seen.size > 30);
});
