import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { readIfThere, readNamed, replaceFile, replaceSharedFile } from '../../src/files/index.ts';

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

suite('a file that several may replace', () => {
  test('is one writer’s as a whole, and nothing is left beside it', async () => {
    const path = join(folder, 'seen');
    const contents = Array.from({ length: 8 }, (_, at) => String(at).repeat(50_000));
    await Promise.all(contents.map((content) => replaceSharedFile(path, content, 0o600)));
    assert.ok(contents.includes(await readFile(path, 'utf8')));
    assert.deepEqual(await readdir(folder), ['seen']);
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test('is as it was when it cannot be replaced, and nothing is left beside it', async () => {
    const path = join(folder, 'seen');
    await mkdir(path);
    await assert.rejects(replaceSharedFile(path, 'new', 0o600), { code: 'EISDIR' });
    assert.deepEqual(await readdir(folder), ['seen']);
  });
});

test('a file that is not there is undefined, and a folder in its place is named', async () => {
  const path = join(folder, 'file');
  assert.equal(await readIfThere(path), undefined);
  await replaceFile(path, 'text');
  assert.equal(Buffer.from((await readIfThere(path)) ?? []).toString(), 'text');
  await assert.rejects(readIfThere(folder), { code: 'EISDIR', path: folder, message: new RegExp(folder) });
  await assert.rejects(readNamed(folder), { code: 'EISDIR', path: folder, message: new RegExp(folder) });
  await assert.rejects(readNamed(join(folder, 'none')), { code: 'ENOENT' });
  await assert.rejects(readIfThere(join(path, 'below')), { code: 'ENOTDIR', path: join(path, 'below') });
});
