import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeFolder } from '../../src/cli/demo/folder.ts';

test('a demonstration deletes only what an earlier one left', async (context) => {
  const base = await mkdtemp(join(tmpdir(), 'bitquorum-demo-folder-'));
  context.after(() => rm(base, { recursive: true, force: true }));
  const foreign = join(base, 'foreign');
  await mkdir(foreign);
  await writeFile(join(foreign, 'thesis.txt'), 'six years');
  await assert.rejects(takeFolder(foreign), { code: 'usage', message: /foreign holds something else/ });
  assert.equal(await readFile(join(foreign, 'thesis.txt'), 'utf8'), 'six years');

  const own = join(base, 'new', 'folder');
  await takeFolder(own);
  await writeFile(join(own, 'left-over'), 'x');
  await takeFolder(own);
  assert.deepEqual(await readdir(own), ['.bitquorum-demo']);
});

test('a demonstration that runs keeps its folder', async (context) => {
  const base = await mkdtemp(join(tmpdir(), 'bitquorum-demo-folder-'));
  context.after(() => rm(base, { recursive: true, force: true }));
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await writeFile(join(base, '.bitquorum-demo'), `${other.pid}\n`);
  await assert.rejects(takeFolder(base), { code: 'usage', message: /a demonstration runs in/ });
  other.kill('SIGKILL');
  await once(other, 'exit');
  await takeFolder(base);
});
