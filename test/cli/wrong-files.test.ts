import assert from 'node:assert/strict';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { generateKey, writeKeyFile } from '../../src/statement/index.ts';
import { runCommand } from './run-command.ts';

let folder: string;
let broken: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitquorum-wrong-'));
  broken = join(folder, 'broken');
  await writeFile(broken, 'x = [');
});
after(() => rm(folder, { recursive: true, force: true }));

test('a file of the wrong content is named in the error', async () => {
  const signer = generateKey('log.test/1');
  const { vkey } = signer;
  const key = join(folder, 'key');
  await writeKeyFile(key, signer);
  const cases: readonly (readonly [code: number, ...args: string[]])[] = [
    [1, 'policy', 'check', broken],
    [1, 'statement', 'show', broken],
    [1, 'rebuild', broken],
    [1, 'release', 'publish', broken, '--key', key, '--tally', 'http://127.0.0.1:9'],
    [1, 'tally', 'init', '--data', join(folder, 'new'), '--policy', broken, '--founder-key', key],
    [4, 'verify', broken, '--proof', broken, '--log-key', vkey],
  ];
  for (const [code, ...args] of cases) {
    const ended = await runCommand(...args);
    assert.equal(ended.code, code, args.join(' '));
    assert.ok(ended.stderr.startsWith(`error: ${broken}: `), ended.stderr);
  }
  for (const command of ['tally', 'monitor'] as const) {
    const where =
      command === 'tally' ? ['run', '--data', folder] : ['--tally', 'http://127.0.0.1:9', '--log-key', vkey];
    const ended = await runCommand(command, ...where, '--witness-policy', broken);
    assert.equal(ended.code, 2, ended.stderr);
    assert.ok(ended.stderr.includes(`--witness-policy ${broken}: `), ended.stderr);
  }
  const { code, stdout } = await runCommand('--json', 'policy', 'check', broken);
  assert.equal(code, 1);
  assert.equal((JSON.parse(stdout) as { good: boolean }).good, false);
});

test('a backup of a folder that holds no tally says so, and leaves the folder for tally init', async () => {
  const data = join(folder, 'tally');
  const { code, stderr } = await runCommand('tally', 'backup', join(folder, 'backup'), '--data', data);
  assert.equal(code, 1);
  assert.match(stderr, /holds no tally .*tally init/);
  await assert.rejects(access(data), { code: 'ENOENT' });
});

test('a folder that holds no backup is told as such, and nothing is made of it', async () => {
  const data = join(folder, 'restored');
  for (const backup of [join(folder, 'nowhere'), folder, broken]) {
    const { code, stderr } = await runCommand('tally', 'restore', backup, '--data', data);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(`error: ${backup} holds no backup of a tally (no log.key): `), stderr);
  }
  await assert.rejects(access(data), { code: 'ENOENT' });
});

test('a port alone is no place to listen', async () => {
  const { code, stderr } = await runCommand('seed', broken, '--listen', '6881');
  assert.equal(code, 2);
  assert.match(stderr, /"6881" is not HOST\[:PORT\]/);
});

test('help shows the commands, and that of one command', async () => {
  for (const [words, ...args] of [
    [/Usage: bitquorum \[options\] \[command\]/, 'help'],
    [/Usage: bitquorum get /, 'help', 'get'],
  ] as const) {
    const { code, stdout } = await runCommand(...args);
    assert.equal(code, 0);
    assert.match(stdout, words);
  }
  const { code, stderr } = await runCommand('get');
  assert.equal(code, 2);
  assert.match(stderr, /missing required argument 'release'\n\n?\(--help shows/);
});

test('verify tells a file that is not there from one that has no proof, and what to do', async () => {
  const vkey = generateKey('log.test/1').vkey;
  const nothing = join(folder, 'nothing');
  const gone = await runCommand('verify', nothing, '--log-key', vkey);
  assert.equal(gone.code, 1);
  assert.equal(gone.stderr, `error: ${nothing}: there is no such file or folder; check the path\n`);
  const alone = await runCommand('verify', broken, '--log-key', vkey);
  assert.equal(alone.code, 1);
  assert.ok(alone.stderr.startsWith(`error: there is no proof at ${broken}.bitquorum-proof: `), alone.stderr);
  assert.match(alone.stderr, /--proof\n$/);
});
