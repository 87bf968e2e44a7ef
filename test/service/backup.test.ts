// Backups are taken while a tally runs, and put back; one that is older than what was signed never runs.
import assert from 'node:assert/strict';
import { cp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { backupStoppedTally, restoreTally, startTally } from '../../src/service/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { ask, builderEntry, makeCast, makeData, post } from './tally-fixture.ts';

const checkpointOf = async (tally: { url: string }): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`${tally.url}/checkpoint`)).arrayBuffer());
const register = (tally: { url: string; origin: string }, name: string): ReturnType<typeof post> =>
  post(tally, builderEntry(generateKey(name), tally.origin), '?wait=inclusion');

test('a backup of a running tally is of one moment, and runs with the last head', async (t) => {
  const dataFolder = await makeData(t, makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  const tally = await startTally({ dataFolder });
  const writing = Array.from({ length: 40 }, (_, at) => register(tally, `builder-${at}`));
  await Promise.all([tally.backup(place('first')), ...writing]);
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

test('a backup that is older than the last head is refused, and leaves nothing behind', async (t) => {
  const dataFolder = await makeData(t, makeCast());
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

test('a backup that is put back without a head does not run, until somebody gives one', async (t) => {
  const dataFolder = await makeData(t, makeCast());
  const place = (name: string): string => join(dirname(dataFolder), name);
  await backupStoppedTally(dataFolder, place('backup'));
  await restoreTally({ backup: place('backup'), dataFolder: place('restored') });
  await assert.rejects(startTally({ dataFolder: place('restored') }), { code: 'head-missing' });
  await assert.rejects(restoreTally({ backup: place('backup'), dataFolder }), { code: 'data-exists' });
});

test('a folder whose entries are lost begins no log anew, so that an old copy put there by hand is still refused', async (t) => {
  const dataFolder = await makeData(t, makeCast());
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
