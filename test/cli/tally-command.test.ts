import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { generateKey, writeKeyFile } from '../../src/statement/index.ts';
import { makeCast, makeData, policyToml } from '../service/tally-fixture.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runCommand } from './run-command.ts';

test('a tally whose first backup fails ends, and says why', { timeout: 20_000 }, async () => {
  const data = await makeData(makeCast());
  const file = join(dirname(data), 'file');
  await writeFile(file, '');
  const ended = await runCommand('tally', 'run', '--data', data, '--listen', '127.0.0.1:0', '--backup', file);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^error: .*file.*: a part of this path is a file, not a folder\n$/);
});

test('a policy that too few of its founders sign is named, with what to do; nothing is left', async () => {
  const folder = temporaryFolder('tally-init');
  const [policy, key, data] = ['policy.toml', 'stranger.key', 'data'].map((name) => join(folder, name));
  assert.ok(policy !== undefined && key !== undefined && data !== undefined);
  await writeFile(policy, policyToml(makeCast()));
  await writeKeyFile(key, generateKey('stranger.example'));
  const ended = await runCommand('tally', 'init', '--data', data, '--policy', policy, '--founder-key', key);
  assert.equal(ended.code, 1);
  assert.ok(ended.stderr.startsWith(`error: ${policy}: a policy needs `), ended.stderr);
  assert.match(ended.stderr, /"founders" must name of each --founder-key\n$/);
  assert.deepEqual((await readdir(folder)).sort(), ['policy.toml', 'stranger.key']);
});
