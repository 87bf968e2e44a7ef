import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MAIN, runCommand } from './run-command.ts';

const folder = await mkdtemp(join(tmpdir(), 'bitquorum-simulate-'));
after(() => rm(folder, { recursive: true }));
const SMALL = ['--set', 'attackers=4', '--set', 'months=1', '--set', 'members=5'];

test('the table is printed, and --json gives the same bytes each time', async () => {
  const table = await runCommand('--quiet', 'simulate', 'patient', ...SMALL);
  assert.equal(table.code, 0);
  assert.match(table.stdout, /^\| 4 attackers, 1 months \(day 30\) \| final \| good \|/m);
  const first = await runCommand('--json', 'simulate', 'patient', ...SMALL);
  const second = await runCommand('--json', 'simulate', 'patient', ...SMALL);
  assert.equal(first.stdout, second.stdout);
  const { parameters, findings } = JSON.parse(first.stdout);
  assert.deepEqual([parameters.attackers, parameters.months], [4, [1]]);
  assert.equal(findings[0].cases[0].installed, 'good');
});

test('M of the rule that is compared, and what is taken for granted of stolen keys, are parameters', async () => {
  const attack = async (...sets: string[]) => {
    const { stdout } = await runCommand('--json', 'simulate', 'patient', ...SMALL, ...sets);
    const { findings, rules } = JSON.parse(stdout);
    return { outcome: findings[0].cases[0].threshold, rules };
  };
  const usual = await attack();
  assert.deepEqual(
    [usual.outcome, usual.rules[1].rule, usual.rules[1].cheapest.keys],
    ['both', '3 of anybody', 3],
  );
  const five = await attack('--set', 'threshold=5', '--set', 'todayKeys=2', '--set', 'todayRebuilders=1');
  // Four attackers and ten honest builders.
  assert.deepEqual([five.outcome, five.rules[1].cheapest], ['good', null]);
  const { keys, hoursToSee } = five.rules[3].cheapest;
  assert.deepEqual([keys, hoursToSee], [2, 24]);
});

test('--write fills a page between its marks, and puts the plot beside it', async () => {
  const page = join(folder, 'model.md');
  const [begin, end] = ['begin', 'end'].map((word) => `<!-- written by bitquorum simulate: ${word} -->`);
  await writeFile(page, `before\n${begin}\nold\n${end}\nafter\n`);
  const { code } = await runCommand('--quiet', 'simulate', 'patient', ...SMALL, '--write', page);
  const text = await readFile(page, 'utf8');
  assert.equal(code, 0);
  assert.ok(text.startsWith(`before\n${begin}\n`) && text.endsWith(`${end}\nafter\n`));
  assert.doesNotMatch(text, /old/);
  assert.match(text, /!\[patient: eligible builders by day\]\(model\/patient\.svg\)/);
  for (const name of ['patient', 'cost', 'detection']) {
    assert.ok(text.includes(`](model/${name}.svg)`), name);
    assert.match(await readFile(join(folder, 'model', `${name}.svg`), 'utf8'), /^<svg [^]*<\/svg>\n$/);
  }
});

test('wrong use ends with 2 and says what there is', async () => {
  const tries = [
    [['nonsense'], /no scenario "nonsense"; there are sybil, patient/],
    [['--set', 'nonsense=1'], /write NAME=VALUE with one of seed, founders/],
    [['--set', 'flood=200000'], /flood: "200000" is not a whole number from 0 to 100000/],
    [['--set', 'threshold=0'], /threshold: 1 or more/],
    [['--set', 'todayKeys=0'], /todayKeys: 1 or more/],
    [['patient', 'nonsense'], /^error: no scenario "nonsense"/],
    [['patient', '--write', join(folder, 'plain')], /^error: --write .*plain: name a Markdown page/],
    [['--set', 'uptimes=0.5,2'], /uptimes: "2" is not a share from 0 to 1/],
  ] as const;
  await writeFile(join(folder, 'bare.md'), 'no marks');
  const bare = await runCommand('simulate', 'patient', '--write', join(folder, 'bare.md'));
  assert.deepEqual([bare.code, bare.stderr.includes('…')], [2, false], 'before anything is computed');
  for (const [args, expected] of tries) {
    const { code, stderr } = await runCommand('simulate', ...args);
    assert.equal(code, 2);
    assert.match(stderr, expected);
  }
});

test('Ctrl-C ends it in the middle of a scenario, which is computed in one piece', {
  timeout: 10_000,
}, async () => {
  const child = spawn(process.execPath, [MAIN, 'simulate', 'sybil'], { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.deepEqual([code, signal], [null, 'SIGINT']);
});
