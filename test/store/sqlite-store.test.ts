import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { openSqliteStore, StoreError } from '../../src/store/index.ts';
import { refused, storeConformance } from './conformance.ts';
import { batch, entries, entry } from './samples.ts';

storeConformance('SQLite', (folder) => openSqliteStore({ path: join(folder, 'log.sqlite') }));

suite('an SQLite file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bitquorum-sqlite-'));
    path = join(folder, 'log.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is made with the folders above it, which nobody else may enter', async () => {
    const deep = join(folder, 'a', 'b', 'log.sqlite');
    await (await openSqliteStore({ path: deep })).close();
    if (process.platform !== 'win32') assert.equal((await stat(join(folder, 'a'))).mode & 0o777, 0o700);
  });

  test('of a newer release is refused and left as it is', async () => {
    await (await openSqliteStore({ path })).close();
    edit(path, 'PRAGMA user_version = 99');
    const before = await readFile(path);
    await assert.rejects(openSqliteStore({ path }), (error: unknown) => {
      assert.ok(error instanceof StoreError);
      assert.equal(error.code, 'newer-schema');
      assert.match(error.message, /schema version 99, this release knows 2: use the newer release/);
      return true;
    });
    assert.deepEqual(await readFile(path), before);
  });

  test('of another program is refused and left as it is', async () => {
    edit(path, 'CREATE TABLE precious (x); INSERT INTO precious VALUES (1)');
    const before = await readFile(path);
    await assert.rejects(openSqliteStore({ path }), refused('foreign-file'));
    assert.deepEqual(await readFile(path), before);

    const text = join(folder, 'text');
    await writeFile(text, 'This is a letter, and a long one, not a database. '.repeat(100));
    const letter = await readFile(text);
    await assert.rejects(openSqliteStore({ path: text }), refused('foreign-file'));
    assert.deepEqual(await readFile(text), letter);
  });

  test('in another process is refused with what to do', async () => {
    const store = await openSqliteStore({ path });
    const script = `
      import { openSqliteStore } from ${JSON.stringify(new URL('../../src/store/index.ts', import.meta.url).href)};
      try { await openSqliteStore({ path: process.argv[1] }); }
      catch (error) { console.log(error.code, error.message); }`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      path,
    ]);
    assert.match(stdout, /^in-use .*log\.sqlite: another process has this log open: stop it first/);
    await store.appendEntries(batch(0, [entry('a')]));
    await store.close();
  });

  test('that cannot be opened says so', async () => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(openSqliteStore({ path: join(folder, 'file', 'log.sqlite') }), refused('failed'));
    await assert.rejects(openSqliteStore({ path: folder }), refused('failed'));
  });

  test('is not changed by hand where the log only grows', async () => {
    const store = await openSqliteStore({ path });
    await store.appendEntries(batch(0, [entry('a')]));
    await store.close();
    for (const change of [
      'DELETE FROM entries',
      'UPDATE entries SET time_ms = 0',
      'DELETE FROM hashes',
      'UPDATE hashes SET hash_index = 5',
    ]) {
      assert.throws(() => edit(path, change), /the log only grows/, change);
    }
  });

  test('that a killed process left is written to the disk before it is read', async () => {
    const store = await openSqliteStore({ path });
    await store.appendEntries(batch(0, entries(0, 10)));
    const copy = join(folder, 'copy.sqlite');
    for (const suffix of ['', '-wal']) await cp(path + suffix, copy + suffix); // as a kill leaves them
    await store.close();
    assert.ok((await stat(`${copy}-wal`)).size > 0);
    const after = await openSqliteStore({ path: copy });
    assert.equal((await stat(`${copy}-wal`)).size, 0, 'nothing rests on pages that only the kernel may have');
    assert.equal((await after.head()).size, 10);
    await after.close();
  });

  test('is copied while it is written, however late the copy begins', async () => {
    const store = await openSqliteStore({ path });
    let size = 0;
    try {
      for (let round = 0; round < 10; round += 1) {
        // The threads that copy are busy for a while; the copy then begins between two statements of a write.
        for (let thread = 0; thread < 4; thread += 1) pbkdf2('', '', 15_000, 64, 'sha512', () => undefined);
        const copying = store.backup(join(folder, `copy-${round}`));
        const end = performance.now() + 60;
        while (performance.now() < end) {
          await store.appendEntries(batch(size, entries(size, 400)));
          size += 400;
        }
        await copying;
        const copy = await openSqliteStore({ path: join(folder, `copy-${round}`) });
        assert.equal((await copy.head()).size % 400, 0);
        await copy.close();
      }
    } finally {
      await store.close();
    }
  });

  test('that was damaged is not opened', async () => {
    const store = await openSqliteStore({ path });
    await store.appendEntries(batch(0, entries(0, 200)));
    await store.close();
    const bytes = await readFile(path);
    bytes.fill(0xa5, 8192); // every page but the first two
    await writeFile(path, bytes);
    await assert.rejects(openSqliteStore({ path }), refused('failed'));
    await assert.rejects(openSqliteStore({ path }), refused('failed'), 'and is free to be looked at');
  });

  test('that was damaged where opening does not look is not read on', async () => {
    const store = await openSqliteStore({ path });
    const big = Array.from({ length: 20 }, (_, at) => entry(at, 5, new Uint8Array(20_000).fill(0x11)));
    await store.appendEntries(batch(0, big));
    await store.close();
    const bytes = await readFile(path);
    for (let page = 0; page < bytes.length; page += 4096) {
      const isOfEnvelope = bytes.subarray(page + 4, page + 4000).every((byte) => byte === 0x11);
      if (isOfEnvelope) bytes.fill(0xa5, page, page + 4096);
    }
    await writeFile(path, bytes);
    const damaged = await openSqliteStore({ path });
    await assert.rejects(damaged.readEntries(0, 20), refused('failed'));
    await assert.rejects(damaged.head(), refused('closed'), 'after a failure nothing is believed');
    await damaged.close();
  });
});

function edit(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}
