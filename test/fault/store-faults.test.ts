// Faults come in pairs: each write of the log fails once without having persisted, and once after it had.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openSqliteStore, type Store } from '../../src/store/index.ts';
import { appendText, LogInFolder, published, refused, sha256Hex } from '../log/samples.ts';
import { type Fault, FaultyStore, type Write } from './faulty.ts';
import { liveWithFaults } from './faulty-life.ts';
import { SeededRandom, seedFrom } from './random.ts';

const FAULTS: readonly Fault[] = ['did not persist', 'did persist'];

suite('a log whose write', () => {
  for (const write of ['appendEntries', 'putCheckpoint', 'head'] as const) {
    for (const fault of FAULTS) {
      test(`${write} failed and ${fault}, the first, second, … time, keeps its word`, async () => {
        for (const nth of [1, 2, 3, 5, 8]) {
          let calls = 0;
          const life = await liveWithFaults((each) => {
            if (each === write) calls += 1;
            return each === write && calls === nth ? fault : undefined;
          });
          assert.ok(calls >= nth, `there was no ${write} number ${nth}`);
          if (write === 'appendEntries') assert.ok(life.sentAgain > 0, 'nobody was told');
          else assert.equal(life.told.length, 1);
        }
      });
    }
  }

  for (const write of ['putBlob', 'putMeta'] as const) {
    for (const fault of FAULTS) {
      test(`${write} failed and ${fault} can be done again`, async () => {
        await withStore(write, fault, async (store) => {
          const value = Buffer.from('value');
          const put = (): Promise<void> =>
            write === 'putBlob' ? store.putBlob(sha256Hex(value), value) : store.putMeta('name', value);
          const get = (): Promise<Uint8Array | undefined> =>
            write === 'putBlob' ? store.getBlob(sha256Hex(value)) : store.getMeta('name');
          await assert.rejects(put(), /planned/);
          assert.equal((await get())?.length, fault === 'did persist' ? 5 : undefined);
          await put();
          assert.equal((await get())?.length, 5);
        });
      });
    }
  }

  for (const fault of FAULTS) {
    test(`backup failed and ${fault} leaves the log as it is, and can be done again`, async () => {
      const place = await LogInFolder.make();
      let calls = 0;
      const store = new FaultyStore(await openSqliteStore({ path: place.database }), (each) => {
        if (each === 'backup') calls += 1;
        return each === 'backup' && calls === 1 ? fault : undefined;
      });
      try {
        const log = await place.open({ store, checkpointEveryMs: 0 });
        for (let at = 0; at < 300; at += 1) void appendText(log, `entry ${at}`);
        await assert.rejects(store.backup(join(place.folder, 'first')), /planned/);
        assert.equal((await appendText(log, 'last')).index, 300);
        await published(log, 301);
        const copies = fault === 'did persist' ? ['first', 'second'] : ['second'];
        await store.backup(join(place.folder, 'second'));
        for (const name of copies) {
          const copy = await openSqliteStore({ path: join(place.folder, name) });
          const { size } = await copy.head();
          assert.equal((await copy.readHashes(0, 0, Math.min(size, 256))).length, Math.min(size, 256) * 32);
          assert.ok(size === 301 || name === 'first');
          await copy.close();
        }
      } finally {
        await place.remove();
      }
    });
  }

  test('of any kind fails at random, many at once, keeps its word', async (t) => {
    const seed = seedFrom('BITQUORUM_FAULT_SEED');
    t.diagnostic(`BITQUORUM_FAULT_SEED=${seed}`);
    const random = new SeededRandom(seed);
    let faults = 0;
    for (let round = 0; round < 12; round += 1) {
      const often = random.next() * 0.4;
      await liveWithFaults(() => {
        if (random.next() >= often) return undefined;
        faults += 1;
        return FAULTS[random.integer(0, 1)];
      });
    }
    assert.ok(faults > 12);
  });
});

suite('a log whose store has ended', () => {
  test('refuses appends and does not sign', async () => {
    const place = await LogInFolder.make();
    try {
      const log = await place.open({ checkpointEveryMs: 0 });
      await appendText(log, 'one');
      await published(log, 1);
      const before = log.checkpoint();
      await place.store.close();
      await assert.rejects(appendText(log, 'two'), refused('storage', /closed/));
      await assert.rejects(appendText(log, 'three'), refused('storage', /closed/));
      assert.equal(log.checkpoint(), before);
    } finally {
      await place.remove();
    }
  });
});

/** A store whose first such write fails so. */
async function withStore(write: Write, fault: Fault, use: (store: Store) => Promise<void>): Promise<void> {
  const place = await LogInFolder.make();
  let calls = 0;
  const real = await openSqliteStore({ path: place.database });
  try {
    await use(
      new FaultyStore(real, (each) => {
        if (each === write) calls += 1;
        return each === write && calls === 1 ? fault : undefined;
      }),
    );
  } finally {
    await real.close();
    await place.remove();
  }
}
