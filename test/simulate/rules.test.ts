import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  costPlotOf,
  DEFAULTS,
  detectionPlotOf,
  rulesOf,
  SCENARIOS,
  tableOf,
} from '../../src/simulate/index.ts';

function run(name: 'sybil' | 'founders' | 'poisoners', change: Partial<typeof DEFAULTS> = {}) {
  const parameters = { ...DEFAULTS, ...change };
  const finding = SCENARIOS[name]?.(parameters) ?? assert.fail(name);
  return { finding, parameters };
}

const WON = { flood: 2000, floodActive: 60, members: 5, honestNewcomers: 0 };

test('each rule is told by the cheapest attack that it fell to, out of the very cases of the tables', () => {
  const { finding, parameters } = run('sybil', WON);
  const [atOnce, late] = finding.cases;
  assert.ok(atOnce && late && late.machineMonths !== null);
  const rules = rulesOf([finding], parameters);
  assert.deepEqual(
    rules.map(({ rule, cheapest }) => [rule, cheapest?.machineMonths, cheapest?.keys, cheapest?.hoursToSee]),
    [
      ['this count', late.machineMonths, late.attackersEligible, 24],
      ['3 of anybody', 0, 3, 24],
      // Five founders and five members answered honestly.
      ['majority of nodes', 0, 11, 24],
      ['one stolen key', 0, 1, null],
    ],
  );
  assert.deepEqual(
    rules.map(({ attacks }) => attacks.map(({ fate }) => fate)),
    [['held', 'fell'], ['fell', 'fell'], ['fell', 'fell'], ['fell']],
  );
  const cost = costPlotOf(rules);
  assert.ok(cost.includes(`this count: cheapest win ${late.machineMonths} machine-months`));
  assert.equal(
    cost.match(/<circle cx="624" [^>]*fill="#c33"/g)?.length,
    3,
    'the late attack wins by three rules',
  );
  assert.equal(cost.match(/<circle cx="56" [^>]*fill="none"/g)?.length, 1, 'the first is held by one');
  const detection = detectionPlotOf(rules);
  assert.equal(detection.match(/seen after 24 h/g)?.length, 3);
  assert.match(detection, /one stolen key: never seen/);
});

test('stolen keys cost what is taken for granted, and are seen only where somebody builds again', () => {
  const { finding, parameters } = run('sybil', { ...WON, floodDays: 5 });
  const way = { todayKeys: 2, todayKeyMonths: 3, todayRebuilders: 1, todayRebuildHours: 48 };
  const [ours, , , today] = rulesOf([finding], { ...parameters, ...way });
  assert.equal(ours?.cheapest, null, 'nothing won in five days');
  assert.deepEqual(
    [today?.rule, today?.cheapest?.machineMonths, today?.cheapest?.hoursToSee],
    ['2 stolen keys', 6, 48],
  );
  const rules = ours && today ? [ours, today] : [];
  assert.match(costPlotOf(rules), /this count: never fell[^]*2 stolen keys: cheapest win 6 machine-months/);
  assert.match(detectionPlotOf(rules), /this count: never fell[^]*2 stolen keys: seen after 48 h/);
});

test('bought builders have no price in machine-months: no rule is told by them', () => {
  const { finding, parameters } = run('founders');
  assert.deepEqual(rulesOf([finding], parameters), []);
  assert.doesNotMatch(tableOf([finding], parameters), /### rules/);
});

test('docs/security-model.md holds what the defaults give today', async () => {
  const page = await readFile(new URL('../../docs/security-model.md', import.meta.url), 'utf8');
  for (const name of ['founders', 'poisoners'] as const) {
    const { finding, parameters } = run(name);
    assert.ok(page.includes(tableOf([finding], parameters)), `${name}: run bitquorum simulate --write again`);
  }
});
