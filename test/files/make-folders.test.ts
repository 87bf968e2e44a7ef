import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolders, makeLastingFolders } from '../../src/files/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('folders that are missing are made, by several at once as well', async () => {
  const folder = join(temporaryFolder('folders'), 'a', 'b', 'c');
  await Promise.all([makeFolders(folder), makeFolders(folder), makeFolders(join(folder, 'd'))]);
  assert.ok((await stat(join(folder, 'd'))).isDirectory());
  await makeFolders(folder);
});

test('a file in the way is named', async () => {
  const file = join(temporaryFolder('folders'), 'file');
  await writeFile(file, '');
  await assert.rejects(makeFolders(join(file, 'a')), { code: 'EEXIST', path: file });
  await assert.rejects(makeFolders(file), { code: 'EEXIST', path: file });
});

test('folders that last are for their owner alone', async () => {
  const folder = join(temporaryFolder('folders'), 'a', 'b');
  await makeLastingFolders(folder);
  await writeFile(join(folder, 'file'), 'kept');
  await makeLastingFolders(folder);
  assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'kept');
  if (process.platform !== 'win32') assert.equal((await stat(folder)).mode & 0o777, 0o700);
  await assert.rejects(makeLastingFolders(join(folder, 'file', 'c')), {
    code: 'EEXIST',
    path: join(folder, 'file'),
  });
});

test('a file system that lets nobody make a folder ends it', {
  skip: existsSync('/proc/self') ? false : 'needs /proc',
  timeout: 5000,
}, async () => {
  for (const make of [makeFolders, makeLastingFolders])
    await assert.rejects(make('/proc/bitquorum/out'), { code: 'ENOENT', path: '/proc/bitquorum' });
});
