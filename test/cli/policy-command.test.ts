import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parsePolicyToml } from '../../src/tally/index.ts';
import { runCommand } from './run-command.ts';

const folder = await mkdtemp(join(tmpdir(), 'bitquorum-policy-'));
after(() => rm(folder, { recursive: true }));
const DEFAULT = await readFile(new URL('../../docs/default-policy.toml', import.meta.url), 'utf8');

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('the default policy is printed whole, and passes its own check', async () => {
  const printed = await runCommand('policy', 'default');
  assert.deepEqual([printed.code, printed.stdout], [0, DEFAULT]);
  const checked = await runCommand('policy', 'check', await file('default.toml', printed.stdout));
  assert.equal(checked.code, 0);
  assert.match(checked.stdout, /^tenure +180 active days, 20 builds, 5 canaries; elders after 365 days$/m);
  assert.match(checked.stderr, /^warning: no witnesses: the operator of the log could try entries/m);
});

test('the check warns of canaries that too few founders could settle', async () => {
  const path = await file('settlers.toml', DEFAULT.replace('settlers = 2', 'settlers = 32'));
  const { code, stderr } = await runCommand('policy', 'check', path);
  assert.equal(code, 0);
  assert.match(stderr, /^warning: \d+ founders can never settle a canary that asks for 32/m);
});

test('with --json the check prints the rules with all defaults, the digest and the warnings', async () => {
  const path = await file('good.toml', DEFAULT);
  const { code, stdout } = await runCommand('--json', 'policy', 'check', path);
  const found = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.deepEqual([found.good, found.rules], [true, parsePolicyToml(DEFAULT)]);
  assert.match(found.digest, /^[0-9a-f]{64}$/);
  assert.equal(found.warnings.length, 3);
});

test('a wrong file ends with 1, and each problem has its line and key', async () => {
  const wrong = DEFAULT.replace('panelSeats = 15', 'panelSeats = "15"').replace(
    'voteFloorSeconds = 259200',
    'voteFloorSeconds = 1',
  );
  const path = await file('wrong.toml', wrong);
  const words = await runCommand('policy', 'check', path);
  const line = wrong.split('\n').indexOf('panelSeats = "15"') + 1;
  assert.equal(words.code, 1);
  assert.match(
    words.stderr,
    new RegExp(`^error: .*wrong\\.toml: the policy is refused: line ${line}: panelSeats: `),
  );
  const { code, stdout } = await runCommand('--json', 'policy', 'check', path);
  const found = JSON.parse(stdout);
  assert.deepEqual(
    [code, found.good, found.problems[0].line, found.problems[0].key],
    [1, false, line, 'panelSeats'],
  );
});

test('what is no TOML is told with its line', async () => {
  const { code, stderr } = await runCommand(
    'policy',
    'check',
    await file('no.toml', 'name = "x"\ndemo = \n'),
  );
  assert.equal(code, 1);
  assert.match(stderr, /^error: .*no\.toml: the policy is not TOML: line 2: /);
});

test('figures that its operator may not mean are warned of', async () => {
  const odd = DEFAULT.replace('minimumVotes = 3', 'minimumVotes = 4').replace(
    'foundersQuorum = 2',
    'foundersQuorum = 1',
  );
  const { code, stderr } = await runCommand('policy', 'check', await file('odd.toml', odd));
  assert.equal(code, 0);
  assert.match(stderr, /3 founders cannot reach 4 votes/);
  assert.match(stderr, /1 of 3 founders, no majority, can change every rule/);
});

test('more keys than one entry holds are warned of', async () => {
  const founders = Array.from({ length: 32 }, (_, at) => `"${at.toString(16).padStart(64, '0')}"`);
  const many = DEFAULT.replace(/founders = \[[^\]]+\]/, `founders = [${founders.join(', ')}]`);
  const { stderr } = await runCommand('policy', 'check', await file('many.toml', many));
  assert.match(stderr, /exceeds the 4096 bytes of an entry/);
});

test('the schema of policy files is printed', async () => {
  const { code, stdout } = await runCommand('policy', 'schema');
  const schema = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.deepEqual(schema.properties.tenure.properties.builds.default, 20);
});
