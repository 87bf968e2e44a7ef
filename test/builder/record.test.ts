import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockDataFolder } from '../../src/builder/data-lock.ts';
import { type BuildRecord, RecordStore } from '../../src/builder/record.ts';
import { Wake } from '../../src/builder/wake.ts';
import { temporaryFolder } from './recipes.ts';

const record: BuildRecord = {
  format: 1,
  kind: 'made',
  release: '11'.repeat(32),
  package: 'pkg:npm/small@1.0.0',
  salt: '22'.repeat(32),
  infoHashV2: '33'.repeat(32),
  output: { name: 'a', sizeBytes: 1, sha256: '44'.repeat(32) },
};

test('a record and its torrent are there after a restart, readable by their owner alone', async (context) => {
  const folder = await temporaryFolder(context);
  const store = new RecordStore(folder);
  await store.write(record, Buffer.from('torrent'));
  const again = new RecordStore(folder);
  assert.deepEqual([...(await again.readAll())], [[record.release, record]]);
  assert.equal(Buffer.from(await again.torrent(record.release)).toString(), 'torrent');
  const path = join(folder, 'releases', record.release, 'record.json');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a build that was cut off before its record left nothing that counts', async (context) => {
  const folder = await temporaryFolder(context);
  const store = new RecordStore(folder);
  await writeFile(join(await store.clearOutput(record.release), 'half'), 'x');
  assert.equal((await store.readAll()).size, 0);
  await assert.rejects(stat(join(await store.clearOutput(record.release), 'half')), { code: 'ENOENT' });
});

test('a damaged record stops the builder instead of being made anew', async (context) => {
  const folder = await temporaryFolder(context);
  const store = new RecordStore(folder);
  const path = join(folder, 'releases', record.release, 'record.json');
  await store.write(record);
  const whole = await readFile(path, 'utf8');
  for (const text of [
    '',
    whole.slice(0, 40),
    '{}',
    whole.replace('"made"', '"other"'),
    whole.replace('11', '12'),
  ]) {
    await writeFile(path, text);
    await assert.rejects(store.readAll(), { code: 'bad-state', message: /is damaged: restore it/ });
  }
});

test('of many that start on one folder at once, one gets it; the rest are refused until it ends', async (context) => {
  const folder = join(await temporaryFolder(context), 'deep', 'new');
  const starts = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(folder)));
  const locked = starts.filter((start) => start.status === 'fulfilled');
  assert.equal(locked.length, 1);
  await assert.rejects(lockDataFolder(folder), { code: 'bad-state', message: /in use by another builder/ });
  await locked[0]?.value();
  const unlock = await lockDataFolder(folder);
  await unlock();
});

test('what stands in the place of the lock and is none is named', async (context) => {
  const folder = await temporaryFolder(context);
  const lock = join(folder, 'lock');
  const named = { code: 'bad-state', message: /\/lock, an empty file by which .* cannot be locked \(.+\): / };
  await writeFile(lock, 'six years of work, in a file that happens to have this name'.repeat(20));
  await assert.rejects(lockDataFolder(folder), named);
  await rm(lock);
  await mkdir(lock);
  await assert.rejects(lockDataFolder(folder), named);
});

test('a folder is free again when the process that had it is killed', async (context) => {
  const folder = await temporaryFolder(context);
  const module = new URL('../../src/builder/data-lock.ts', import.meta.url);
  const script = `const { lockDataFolder } = await import(${JSON.stringify(module.href)});
    globalThis.unlock = await lockDataFolder(${JSON.stringify(folder)});
    console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await assert.rejects(lockDataFolder(folder), { code: 'bad-state' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const unlock = await lockDataFolder(folder);
  await unlock();
});

test('a sleep ends by a poke, by time and by an abort, and never misses a poke', async () => {
  const { signal } = new AbortController();
  const wake = new Wake();
  wake.poke();
  await wake.sleep(60_000, signal);
  setTimeout(() => wake.poke(), 10);
  await wake.sleep(60_000, signal);
  await wake.sleep(10, signal);
  await wake.sleep(60_000, AbortSignal.timeout(10));
  await wake.sleep(60_000, AbortSignal.abort());
});
