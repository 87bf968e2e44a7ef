import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readKeyFile } from '../../src/statement/index.ts';

test('bitquorum key new and key show', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-key-'));
  const program = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [program, ...args], { cwd: folder });
  try {
    const made = JSON.parse((await run('key', 'new', '--name', 'ada.example/one', '--json')).stdout);
    assert.deepEqual(Object.keys(made).sort(), ['key', 'name', 'path', 'vkey']);
    assert.equal(made.path, join(folder, 'one.key'));
    assert.equal((await stat(made.path)).mode & 0o777, 0o600);
    const secret = (await readFile(made.path, 'utf8')).trim().slice(-44);
    const shown = await run('key', 'show', made.path);
    assert.equal(shown.stdout, `${made.vkey}\n`);
    assert.ok(!shown.stderr.includes(secret));
    await assert.rejects(run('key', 'new', '--out', 'one.key'), { code: 1, stderr: /never overwritten/ });
    await assert.rejects(run('key', 'new', '--name', 'a+b'), { code: 2, stderr: /--name/ });
    assert.equal((await readKeyFile(made.path)).vkey, made.vkey);
  } finally {
    await rm(folder, { recursive: true });
  }
});
