import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, DEFAULTS, type Finding, plotOf, SCENARIOS, tableOf } from '../../src/simulate/index.ts';

const SMALL = {
  ...DEFAULTS,
  seed: 'test',
  honestNewcomers: 5,
  flood: 2000,
  floodActive: 60,
  attackers: 8,
  months: [6, 12],
  mirrors: 50,
  poisoners: [2, 11],
  colluders: 9,
  colluderDays: 300,
  uptimes: [0.3, 1],
  laptopDays: 250,
};

function run(name: string, change: Partial<typeof DEFAULTS> = {}): Finding {
  const scenario = SCENARIOS[name];
  assert.ok(scenario);
  return scenario({ ...SMALL, ...change });
}

function only(finding: Finding): Case {
  const [first] = finding.cases;
  assert.ok(first);
  return first;
}

test('new keys have no weight at once, where a threshold of anybody and a majority of nodes fall', () => {
  const flood = only(run('sybil', { floodDays: 5 }));
  assert.deepEqual([flood.state, flood.installed, flood.attackerSeats], ['final', 'good', 0]);
  assert.deepEqual([flood.threshold, flood.majority], ['both', 'bad']);
});

test('a patient flood wins no panel in a year and a half, and one in the end, once its own are elders', () => {
  const early = run('sybil', { floodDays: 540 }).cases[1];
  assert.ok(early);
  assert.notEqual(early.installed, 'bad');
  const late = run('sybil', { members: 5, honestNewcomers: 0, floodDays: 1100 });
  const won = late.cases[1];
  assert.ok(won);
  assert.deepEqual([won.state, won.installed], ['final', 'bad']);
  // 180 days of tenure and 365 as members come before an elder.
  assert.ok(won.day > 545, `day ${won.day}`);
  assert.ok(won.machineMonths !== null && won.machineMonths > 100);
  assert.match(plotOf(late) ?? '', /^<svg .*<polyline /s);
});

test('patient attackers have no weight before the lot takes them, and lose their standing by a strike that fails', () => {
  const [sixMonths, year] = run('patient').cases;
  assert.ok(sixMonths && year);
  assert.deepEqual([sixMonths.installed, sixMonths.attackersEligible], ['good', 0]);
  assert.ok(year.attackersEligible > 0);
  assert.equal(year.installed, 'good');
  assert.deepEqual([year.standingBefore, year.standingAfter], [8, 0]);
  assert.ok(sixMonths.machineMonths === 48 && year.machineMonths === 96);
});

test('copies of what was published are refused, and give no record', () => {
  const finding = run('freeloaders');
  const copied = only(finding);
  assert.deepEqual([copied.installed, copied.majority], ['good', 'bad']);
  assert.deepEqual(finding.figures, { refusedCopies: 50, mirrorsWithARecord: 0 });
});

test('few turned elders change nothing of an urgent release; many stop it, and are first to be provisional', () => {
  const [few, many] = run('poisoners').cases;
  assert.ok(few && many);
  assert.deepEqual([few.installed, few.badProvisional, few.hoursToSee], ['good', false, 2]);
  assert.deepEqual([many.state, many.installed, many.badProvisional], ['contested', 'nothing', true]);
});

test('four bought founders of five decide alone, three stop a release, and none of it among elders', () => {
  const { cases } = run('founders');
  assert.deepEqual(
    cases.map(({ installed }) => installed),
    ['good', 'nothing', 'nothing', 'bad', 'bad', 'good', 'good', 'good', 'good', 'good'],
  );
});

test('who copies canaries diverges, who refuses them never qualifies, who builds them for all its keys gets in', () => {
  const { figures } = run('colluders');
  assert.equal(figures['copied: most eligible at a time'], 0);
  assert.ok((figures['copied: diverged by a canary'] ?? 0) > 0);
  assert.deepEqual(
    [figures['refused: diverged by a canary'], figures['refused: most eligible at a time']],
    [0, 0],
  );
  assert.equal(figures['built: diverged by a canary'], 0);
  assert.ok((figures['built: most eligible at a time'] ?? 0) > 0);
});

test('laptops that are on every third day let most releases fail; those that are always on none', () => {
  const { figures } = run('laptops');
  assert.ok((figures['30 % on: final verdicts in a hundred'] ?? 100) < 50);
  assert.equal(figures['100 % on: final verdicts in a hundred'], 100);
  assert.equal(figures['100 % on: diverged'], 0);
  assert.equal(figures['30 % on: newcomers eligible at the end'], 0);
});

test('the same parameters give the same bytes, another seed another history', () => {
  const text = (seed: string) => JSON.stringify(run('colluders', { seed, colluderDays: 60 }));
  assert.equal(text('one'), text('one'));
  assert.notEqual(
    JSON.stringify(run('patient', { months: [10], seed: 'a' })),
    JSON.stringify(run('patient', { months: [10], seed: 'b' })),
  );
  assert.match(
    tableOf([run('founders')]),
    /^\| 4 of 5 founders, 0 elders beside them \(day 10\) \| final \| \*\*bad\*\* /m,
  );
});
