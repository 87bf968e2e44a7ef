// What stands where a file was, when it is opened to be read.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { FinishedContent } from '../../src/swarm/disk/content.ts';
import { FilePool } from '../../src/swarm/disk/file-pool.ts';
import { Layout } from '../../src/swarm/layout.ts';
import { makeTorrent, patternBytes, temporaryFolder } from './content.ts';

test('a pipe in the place of a seeded file blocks nobody, and nothing is read from it', {
  skip: process.platform === 'win32' && 'Windows has no such pipes',
}, async (context) => {
  const folder = await temporaryFolder(context);
  const { metainfo, path } = await makeTorrent(folder, 'content', { '': patternBytes(100_000, 1) }, 'v2');
  const { files } = new Layout(metainfo.pieceLength, metainfo.files);
  const [file] = files;
  assert.ok(file);
  const pool = new FilePool(4);
  context.after(() => pool.close());
  const place = { root: path, isTree: false, files };
  const content = await FinishedContent.open(place, pool, () => Promise.resolve(true));
  await rm(path);
  execFileSync('mkfifo', [path]);
  // Somebody who writes sets a blocked thread free at last, so that the test ends in any case.
  const rescue = setTimeout(() => execFileSync('sh', ['-c', ': <> "$0"', path]), 3000);
  context.after(() => clearTimeout(rescue));
  const sinceMs = performance.now();
  await assert.rejects(content.borrow(file, 'read'), { code: 'disk', message: /has changed/ });
  assert.ok(performance.now() - sinceMs < 2000, 'it was opened at once');
  await writeFile(join(folder, 'after'), 'threads are free');
});
