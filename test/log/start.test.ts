// What a log does at its start with a store and a head that do not belong together.
import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { type LogErrorCode, openHeadFile } from '../../src/log/index.ts';
import { PrivateKey } from '../../src/statement/index.ts';
import { auditLog, readHead } from './reading.ts';
import { appendText, LogInFolder, logKey, refused } from './samples.ts';

let place: LogInFolder;
beforeEach(async () => {
  place = await LogInFolder.make();
});
afterEach(() => place.remove());

/** Logs texts and closes, so that store and head are at rest. */
async function logTexts(...texts: string[]): Promise<void> {
  const log = await place.open();
  for (const text of texts) await appendText(log, text);
  await place.close();
}

/** Opening is refused, and neither the store nor the head is touched by the attempt. */
async function isRefused(code: LogErrorCode, message: RegExp): Promise<void> {
  const headBefore = await openHeadFile(place.head).read();
  await assert.rejects(place.open(), refused(code, message));
  assert.deepEqual(await openHeadFile(place.head).read(), headBefore);
}

suite('a log refuses to run', () => {
  test('on a store that was put back from an older backup', async () => {
    await logTexts('one', 'two');
    await cp(place.database, `${place.database}.backup`);
    await logTexts('three');
    await cp(`${place.database}.backup`, place.database);
    await isRefused('older-tree', /has 2 entries, but 3 were signed .*Put back a newer one/);
  });

  test('on a store that was lost', async () => {
    await logTexts('one', 'two');
    await rm(place.database);
    await isRefused('older-tree', /has 0 entries, but 2 were signed/);
  });

  test('on a tree that forks from the signed one, be it longer', async () => {
    await logTexts('one', 'two');
    const head = await readFile(place.head);
    for (const others of [
      ['one', 'other'],
      ['other', 'two', 'three', 'four', 'five'],
    ]) {
      await rm(place.database);
      await rm(place.head);
      await logTexts(...others);
      await writeFile(place.head, head);
      await isRefused('forked-tree', /would fork the log/);
    }
  });

  test('without its head, and goes on when the newest checkpoint is given back', async () => {
    await logTexts('one', 'two');
    const head = await readFile(place.head);
    await rm(place.head);
    await isRefused('head-missing', /put the newest checkpoint that anybody has of this log into that file/);
    await writeFile(place.head, head);
    const log = await place.open();
    assert.equal(log.size, 2);
  });

  test('under another key, or as another log', async () => {
    await logTexts('one');
    const sameName = new PrivateKey(logKey.name, new Uint8Array(32).fill(2));
    await assert.rejects(
      place.open({ signer: sameName }),
      refused('bad-head', /no checkpoint signed by log\.example/),
    );
    const otherName = new PrivateKey('log.example/other', new Uint8Array(32).fill(1));
    await assert.rejects(place.open({ signer: otherName }), refused('bad-head'));
    assert.equal((await place.open()).size, 1);
  });

  test('on a head that is no checkpoint', async () => {
    await logTexts('one');
    const head = await readFile(place.head);
    const turned = Buffer.from(head);
    turned.write('2', head.indexOf('\n1\n') + 1);
    for (const bytes of [Buffer.alloc(0), Buffer.from('hello\n'), head.subarray(0, -10), turned]) {
      await writeFile(place.head, bytes);
      await isRefused('bad-head', /head\.checkpoint is no checkpoint/);
    }
  });

  test('on entries that are not those of its tree', async () => {
    await logTexts('one', 'two', 'three');
    for (const change of [
      "UPDATE entries SET envelope = x'00' WHERE entry_index = 1",
      'UPDATE hashes SET hash = zeroblob(32) WHERE hash_index = 1',
    ]) {
      await cp(place.database, `${place.database}.good`);
      tamper(change);
      await isRefused('broken-tree', /entry 1 of the stored log is not the one/);
      await cp(`${place.database}.good`, place.database);
    }
    tamper('DELETE FROM hashes WHERE hash_index = 2');
    await isRefused('broken-tree', /lacks hashes/);
  });

  test('on a tree whose older part has other hashes', async () => {
    const log = await place.open();
    await Promise.all(Array.from({ length: 300 }, (_, at) => appendText(log, `entry ${at}`)));
    await place.close();
    tamper('UPDATE hashes SET hash = zeroblob(32) WHERE level = 1');
    await isRefused('forked-tree', /does not contain the tree of 300 that was signed/);
  });
});

suite('a log goes on', () => {
  test('when its store knows a newer head than its head file, and extends both', async () => {
    await logTexts('one');
    const older = await readFile(place.head);
    await logTexts('two');
    await writeFile(place.head, older);
    const log = await place.open();
    assert.equal(log.size, 2);
    assert.equal(readHead(await readFile(place.head), logKey.vkey).size, 2);
    await auditLog(log, [readHead(older, logKey.vkey)]);
  });

  test('when it ended between its head file and its store', async () => {
    await logTexts('one');
    const older = await readFile(place.head);
    await logTexts('two');
    const newer = readHead(await readFile(place.head), logKey.vkey);
    tamper(`UPDATE checkpoint SET size = 1, note = x'${older.toString('hex')}'`);
    const log = await place.open();
    assert.equal((await appendText(log, 'three')).index, 2);
    await log.close();
    await auditLog(log, [readHead(older, logKey.vkey), newer]);
  });

  test('when it ended before its first head was stored', async () => {
    await place.open();
    await place.close();
    tamper('DELETE FROM checkpoint');
    const log = await place.open();
    assert.equal((await appendText(log, 'one')).index, 0);
  });
});

/** Changes the database as its triggers would not allow. */
function tamper(sql: string): void {
  const database = new DatabaseSync(place.database);
  try {
    const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
    database.exec(sql);
    for (const { sql: made } of triggers) database.exec(String(made));
  } finally {
    database.close();
  }
}
