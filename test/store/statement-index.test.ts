// A statement is found, and refused a second time, wherever it stands: in the table of statements or among the newest
// entries, which the table does not hold yet.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type NewEntry, openSqliteStore, type Store } from '../../src/store/index.ts';
import { INDEX_EVERY } from '../../src/store/statement-index.ts';
import { refused } from './conformance.ts';
import { batch, entries, entry } from './samples.ts';

const WRITER = fileURLToPath(new URL('store-writer.process.ts', import.meta.url));
/** Entries that the tests leave to the memory. */
const NEWEST = 130;
const SIZE = INDEX_EVERY + NEWEST;

suite('statements', () => {
  let path: string;
  let folder: string;
  let store: Store;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bitquorum-statements-'));
    path = join(folder, 'log.sqlite');
    store = await openSqliteStore({ path });
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** Closes the store, changes or asks its database, and opens it again. */
  const edit = async <Value>(work: (database: DatabaseSync) => Value): Promise<Value> => {
    await store.close();
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
      store = await openSqliteStore({ path });
    }
  };

  /** Every entry is found where it stands, and each of some is refused a second time, asked for before or not. */
  const checkAll = async (size: number): Promise<void> => {
    const places = await store.findEntries(entries(0, size));
    assert.deepEqual(
      places.map((place) => place?.index),
      Array.from({ length: size }, (_, at) => at),
    );
    for (const again of [0, 1, size >> 1, INDEX_EVERY - 1, INDEX_EVERY, size - 1]) {
      for (const asks of [true, false]) {
        if (asks) await store.findEntries([entry('new'), entry(again)]);
        const repeated = batch(size, [entry('new'), entry(again)]);
        await assert.rejects(store.appendEntries(repeated), refused('conflict'), `entry ${again} again`);
      }
    }
    const twice = batch(size, [entry('new'), entry('new')]);
    await store.findEntries(twice.entries);
    await assert.rejects(store.appendEntries(twice), refused('conflict'), 'twice in one batch');
    assert.deepEqual(await store.findEntries([entry('new')]), [undefined]);
    assert.equal((await store.head()).size, size);
  };

  /** How far the table of statements goes by its mark, and by what it holds. */
  const tableOf = (database: DatabaseSync): unknown => {
    const [row] = database
      .prepare(
        'SELECT entries, count(*) AS held, min(entry_index) AS first, max(entry_index) AS last FROM indexed, statements',
      )
      .all();
    return { ...row };
  };
  const GOOD_TABLE = { entries: INDEX_EVERY, held: INDEX_EVERY, first: 0, last: INDEX_EVERY - 1 };

  const fill = async (): Promise<void> => {
    for (let first = 0; first < SIZE; first += 64) {
      await store.appendEntries(batch(first, entries(first, Math.min(64, SIZE - first))));
    }
  };

  test('are known again after a kill that left the newest of them to the memory', async () => {
    await store.close();
    const writer = spawn(process.execPath, [WRITER, path, String(SIZE)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await once(writer, 'close');
    store = await openSqliteStore({ path });
    await checkAll(SIZE);
    await store.appendEntries(batch(SIZE, entries(SIZE, INDEX_EVERY)));
    await checkAll(SIZE + INDEX_EVERY);
    const held = await edit((database) => database.prepare('SELECT entries FROM indexed').get()?.['entries']);
    assert.equal(held, SIZE + INDEX_EVERY, 'the table took them all in');
    await checkAll(SIZE + INDEX_EVERY);
  });

  test('are known again whatever the mark says of the table', async () => {
    await fill();
    for (const damage of [
      'UPDATE indexed SET entries = 0',
      'UPDATE indexed SET entries = 77',
      `UPDATE indexed SET entries = ${INDEX_EVERY - 1}`,
      `UPDATE indexed SET entries = ${INDEX_EVERY + 1}`,
      `UPDATE indexed SET entries = ${SIZE}`,
      `UPDATE indexed SET entries = ${SIZE + 1}`,
      'DELETE FROM indexed',
      'DROP TRIGGER statements_are_not_removed; DELETE FROM statements',
    ]) {
      await edit((database) => database.exec(damage));
      await checkAll(SIZE);
    }
    assert.deepEqual(await edit(tableOf), GOOD_TABLE);
  });

  test('of a store of schema version 1 are put into the table', async () => {
    await fill();
    await edit((database) =>
      database.exec(`
        DROP TABLE statements; DROP TABLE indexed;
        CREATE UNIQUE INDEX entries_by_statement ON entries (signer, payload_digest);
        PRAGMA user_version = 1`),
    );
    await checkAll(SIZE);
    assert.deepEqual(await edit(tableOf), GOOD_TABLE);
  });

  test('that begin alike are not taken for each other', async () => {
    const digits = (end: number): string => `${'ab'.repeat(8)}${end.toString(16).padStart(48, '0')}`;
    const named = (signer: number, payload: number): NewEntry => ({
      ...entry(payload),
      signerKey: digits(signer),
      payloadDigest: digits(payload),
    });
    const alike = [named(1, 1), named(0, 2), named(1, 3)];
    await store.appendEntries(batch(0, [...alike, ...entries(3, INDEX_EVERY)]));
    const other = named(1, 2);
    assert.deepEqual(
      (await store.findEntries([...alike, other])).map((place) => place?.index),
      [0, 1, 2, undefined],
    );
    for (const each of alike) {
      await assert.rejects(store.appendEntries(batch(INDEX_EVERY + 3, [each])), refused('conflict'));
    }
    await store.appendEntries(batch(INDEX_EVERY + 3, [other]));
    assert.equal((await store.findEntries([other]))[0]?.index, INDEX_EVERY + 3);
  });

  test('of a write that fails after it filled the table leave no trace', async () => {
    await store.appendEntries(batch(0, entries(0, INDEX_EVERY - 1)));
    const tileHash = { level: 1, index: 0, hash: Buffer.alloc(32) };
    const failing = {
      firstIndex: INDEX_EVERY - 1,
      entries: entries(INDEX_EVERY - 1, 9),
      tileHashes: [tileHash, tileHash],
    };
    await assert.rejects(store.appendEntries(failing), refused('conflict'));
    assert.equal((await store.findEntries([entry(0)]))[0]?.index, 0);
    assert.deepEqual(await store.findEntries([entry(INDEX_EVERY - 1)]), [undefined]);
    await assert.rejects(store.appendEntries(batch(INDEX_EVERY - 1, [entry(5)])), refused('conflict'));
    await store.appendEntries(batch(INDEX_EVERY - 1, [entry(INDEX_EVERY - 1)]));
    assert.deepEqual(await edit(tableOf), GOOD_TABLE);
  });
});
