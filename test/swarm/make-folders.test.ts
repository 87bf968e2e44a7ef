import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolders } from '../../src/swarm/index.ts';
import { temporaryFolder } from './content.ts';

test('folders that are missing are made, by several at once as well', async (context) => {
  const folder = join(await temporaryFolder(context), 'a', 'b', 'c');
  await Promise.all([makeFolders(folder), makeFolders(folder), makeFolders(join(folder, 'd'))]);
  assert.ok((await stat(join(folder, 'd'))).isDirectory());
  await makeFolders(folder);
});

test('a file in the way is named', async (context) => {
  const file = join(await temporaryFolder(context), 'file');
  await writeFile(file, '');
  await assert.rejects(makeFolders(join(file, 'a')), { code: 'EEXIST', path: file });
  await assert.rejects(makeFolders(file), { code: 'EEXIST', path: file });
});

test('a file system that lets nobody make a folder ends it', {
  skip: existsSync('/proc/self') ? false : 'needs /proc',
  timeout: 5000,
}, async () => {
  await assert.rejects(makeFolders('/proc/bitquorum/out'), { code: 'ENOENT', path: '/proc/bitquorum' });
});
