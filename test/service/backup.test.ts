// Backups are taken while a tally runs, and put back; one that is older than what was signed never runs.
import assert from 'node:assert/strict';
import { cp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { parseTlogPolicy } from '../../src/note/index.ts';
import { backupStoppedTally, restoreTally, startTally } from '../../src/service/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey } from '../../src/statement/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { generateCosigner } from '../../src/witness/index.ts';
import { ask, builderEntry, makeCast, makeData, post } from './tally-fixture.ts';

const checkpointOf = async (tally: { url: string }): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`${tally.url}/checkpoint`)).arrayBuffer());
const register = (tally: { url: string; origin: string }, name: string): ReturnType<typeof post> =>
  post(tally, builderEntry(generateKey(name), tally.origin), '?wait=inclusion');
const MANY = {
  days: { ...SERVICE_LIMITS.days, newBuildersPerPrefix: 1000 },
  rates: { ...SERVICE_LIMITS.rates, entry: { burst: 1000, perSecond: 1000 } },
};

test('a backup of a running tally is of one moment, and runs with the last head', async (t) => {
  const dataFolder = await makeData(makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  const tally = await startTally({ dataFolder });
  const writing = Array.from({ length: 40 }, (_, at) => register(tally, `builder-${at}`));
  await Promise.all([tally.backup(place('first')), ...writing]);
  await restoreTally({ backup: place('first'), dataFolder: place('from first') }); // every entry is checked there
  await tally.backup(place('second'));
  await assert.rejects(tally.backup(place('second')), { code: 'data-exists' });
  assert.deepEqual((await readdir(place('second'))).toSorted(), ['log.key', 'log.sqlite'], 'no head in it');
  assert.equal((await stat(join(place('second'), 'log.key'))).mode & 0o777, 0o600);
  await assert.rejects(backupStoppedTally(dataFolder, place('third')), { code: 'in-use' });
  const lastHead = await checkpointOf(tally);
  await tally.close();
  await rm(dataFolder, { recursive: true });

  await restoreTally({ backup: place('second'), dataFolder, lastHead });
  const restored = await startTally({ dataFolder });
  t.after(() => restored.close());
  assert.equal((await ask(`${restored.url}/api/v1/status`)).body['builders'], 40);
  assert.equal((await register(restored, 'another')).status, 201);
});

test('a backup that is older than the last head is refused, and leaves nothing behind', async () => {
  const dataFolder = await makeData(makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  const tally = await startTally({ dataFolder });
  await register(tally, 'one');
  await tally.backup(place('backup'));
  await register(tally, 'two');
  const lastHead = await checkpointOf(tally);
  await tally.close();
  const options = { backup: place('backup'), dataFolder: place('restored') };
  await assert.rejects(restoreTally({ ...options, lastHead }), { code: 'older-tree' });
  assert.deepEqual((await readdir(dirname(dataFolder))).toSorted(), ['backup', 'data']);
  const forged = Buffer.from(lastHead);
  forged[forged.length - 8] = (forged[forged.length - 8] as number) ^ 1;
  await assert.rejects(restoreTally({ ...options, lastHead: forged }), { code: 'bad-head' });
});

test('a backup that is put back without a head does not run, until somebody gives one', async () => {
  const dataFolder = await makeData(makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  await backupStoppedTally(dataFolder, place('backup'));
  await restoreTally({ backup: place('backup'), dataFolder: place('restored') });
  await assert.rejects(startTally({ dataFolder: place('restored') }), { code: 'head-missing' });
  await assert.rejects(restoreTally({ backup: place('backup'), dataFolder }), { code: 'data-exists' });
});

test('a folder whose entries are lost begins no log anew, so that an old copy put there by hand is still refused', async () => {
  const dataFolder = await makeData(makeCast());
  const copy = join(dirname(dataFolder), 'log.sqlite');
  await cp(join(dataFolder, 'log.sqlite'), copy);
  const tally = await startTally({ dataFolder });
  await register(tally, 'one');
  await tally.close();
  for (const leave of [
    () => rm(join(dataFolder, 'log.sqlite')),
    () => writeFile(join(dataFolder, 'log.sqlite'), ''),
  ]) {
    await rm(join(dataFolder, 'head'), { recursive: true, force: true });
    await leave();
    await assert.rejects(startTally({ dataFolder }), { code: 'data-missing' });
    await assert.rejects(backupStoppedTally(dataFolder, `${dataFolder}-backup`), { code: 'data-missing' });
    await cp(copy, join(dataFolder, 'log.sqlite'));
    await assert.rejects(startTally({ dataFolder }), { code: 'head-missing' });
  }
});

test('a backup is put back with what its write-ahead log holds, and what was published stays so: nothing is signed', async () => {
  const dataFolder = await makeData(makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  const nobody = `witness w ${generateCosigner('w.example/w', 'ed25519').vkey} http://127.0.0.1:1\nquorum w\n`;
  const tally = await startTally({ dataFolder, witnesses: parseTlogPolicy(toUtf8(nobody)) });
  const lastHead = await checkpointOf(tally);
  for (const name of ['one', 'two']) await post(tally, builderEntry(generateKey(name), tally.origin));
  await cp(dataFolder, place('as it lies'), { recursive: true });
  await tally.close();
  await restoreTally({ backup: place('as it lies'), dataFolder: place('restored'), lastHead });
  const store = await openSqliteStore({ path: join(place('restored'), 'log.sqlite') });
  assert.equal((await store.head()).size, 3);
  assert.deepEqual(Buffer.from((await store.getCheckpoint())?.note ?? []), Buffer.from(lastHead));
  await store.close();
});

test('a head that is older than the backup itself is not the newest, and is refused', async () => {
  const dataFolder = await makeData(makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  const tally = await startTally({ dataFolder });
  const lastHead = await checkpointOf(tally);
  await register(tally, 'one');
  await tally.backup(place('backup'));
  await tally.close();
  const options = { backup: place('backup'), dataFolder: place('restored') };
  await assert.rejects(restoreTally({ ...options, lastHead }), { name: 'LogError', code: 'bad-head' });
  assert.deepEqual((await readdir(dirname(dataFolder))).toSorted(), ['backup', 'data']);
});

test('entries that are not what was logged are noticed before anything is signed, however old they are', async (t) => {
  const dataFolder = await makeData(makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  const tally = await startTally({ dataFolder, limits: MANY });
  t.after(() => tally.close());
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(Array.from({ length: 30 }, (_, at) => register(tally, `builder-${round}-${at}`)));
  }
  await tally.backup(place('backup'));
  const lastHead = await checkpointOf(tally);
  await tally.close();
  for (const folder of [dataFolder, place('backup')]) {
    tamper(join(folder, 'log.sqlite'), 'UPDATE entries SET time_ms = time_ms + 1 WHERE entry_index = 17');
  }
  const refusal = { name: 'LogError', code: 'broken-tree', message: /^entry 17 of the stored log/ };
  await assert.rejects(startTally({ dataFolder }), refusal);
  await assert.rejects(
    restoreTally({ backup: place('backup'), dataFolder: place('restored'), lastHead }),
    refusal,
  );
});

/** Changes a database as its triggers would not allow. */
function tamper(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  try {
    const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
    database.exec(sql);
    for (const { sql: made } of triggers) database.exec(String(made));
  } finally {
    database.close();
  }
}
