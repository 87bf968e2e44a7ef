import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { makeFolder, replaceFile } from '../../src/store/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitquorum-durable-'));
});
afterEach(() => rm(folder, { recursive: true }));

suite('a file that is replaced', () => {
  test('holds the new bytes, and nothing else is left beside it', async () => {
    const path = join(folder, 'head');
    await replaceFile(path, Buffer.from('first, and longer'));
    await replaceFile(path, Buffer.from('second'));
    assert.equal(await readFile(path, 'utf8'), 'second');
    assert.deepEqual(await readdir(folder), ['head']);
  });

  test('does not mind what a killed writer has left', async () => {
    const path = join(folder, 'head');
    await replaceFile(path, Buffer.from('first'));
    await writeFile(`${path}.new`, 'half of a much longer hea');
    assert.equal(await readFile(path, 'utf8'), 'first');
    await replaceFile(path, Buffer.from('second'));
    assert.equal(await readFile(path, 'utf8'), 'second');
  });

  test('is as it was when the new bytes cannot be written', async () => {
    const path = join(folder, 'head');
    await replaceFile(path, Buffer.from('first'));
    await mkdir(`${path}.new`);
    await assert.rejects(replaceFile(path, Buffer.from('second')), { code: 'EISDIR' });
    assert.equal(await readFile(path, 'utf8'), 'first');
  });

  test('is at every moment one or the other', async () => {
    const path = join(folder, 'head');
    const contents = ['a', 'b'].map((letter) => letter.repeat(100_000));
    await replaceFile(path, Buffer.from(contents[0] as string));
    const done = new AbortController();
    const write = async (): Promise<void> => {
      try {
        for (let count = 0; count < 40; count += 1) {
          await replaceFile(path, Buffer.from(contents[count % 2] as string));
        }
      } finally {
        done.abort();
      }
    };
    const writing = write();
    let reads = 0;
    while (!done.signal.aborted) {
      assert.ok(contents.includes(await readFile(path, 'utf8')));
      reads += 1;
    }
    await writing;
    assert.ok(reads > 5);
  });
});

test('folders are made to any depth, and those that are there stay', async () => {
  const deep = join(folder, 'a', 'b', 'c');
  await makeFolder(deep);
  await writeFile(join(deep, 'file'), 'kept');
  await makeFolder(deep);
  assert.equal(await readFile(join(deep, 'file'), 'utf8'), 'kept');
  const file = join(deep, 'file');
  await assert.rejects(makeFolder(join(file, 'd')), { code: 'EEXIST', path: file });
});

test('a file system that lets nobody make a folder ends it', {
  skip: existsSync('/proc/self') ? false : 'needs /proc',
  timeout: 5000,
}, async () => {
  await assert.rejects(makeFolder('/proc/bitquorum/out'), { code: 'ENOENT', path: '/proc/bitquorum' });
});
