import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import fc from 'fast-check';
import { InternalError, toHex } from '../../src/bytes/index.ts';
import { STORE_LIMITS, type Store, StoreError, type StoreErrorCode } from '../../src/store/index.ts';
import { batch, entries, entry, sha256Hex } from './samples.ts';

/** For `assert.rejects`: a store error of one code. */
export const refused =
  (code: StoreErrorCode) =>
  (error: unknown): boolean =>
    error instanceof StoreError && error.code === code;

/**
 * What the text of `Store` promises, asked of an implementation. `open` opens the store that lies in a folder,
 * the same one each time it is called with that folder.
 */
export function storeConformance(name: string, open: (folder: string) => Promise<Store>): void {
  suite(`${name} as a store`, () => {
    let folder: string;
    let store: Store;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bitquorum-store-'));
      store = await open(folder);
    });
    afterEach(async () => {
      await store.close();
      await rm(folder, { recursive: true });
    });

    const reopen = async (): Promise<void> => {
      await store.close();
      store = await open(folder);
    };

    test('begins empty', async () => {
      assert.deepEqual(await store.head(), { size: 0, timeMs: 0 });
      assert.deepEqual(await store.readEntries(0, 10), []);
      assert.equal((await store.readHashes(0, 0, 10)).length, 0);
      assert.deepEqual(await store.findEntries([entry('a')]), [undefined]);
      assert.equal(await store.getCheckpoint(), undefined);
      assert.equal(await store.getBlob('00'.repeat(32)), undefined);
      assert.equal(await store.getMeta('nothing'), undefined);
    });

    test('gives back what it took, and keeps it when opened anew', async () => {
      const tileHash = { level: 1, index: 0, hash: Buffer.alloc(32, 9) };
      await store.appendEntries({
        firstIndex: 0,
        entries: [entry('a', 5), entry('b', 5)],
        tileHashes: [tileHash],
      });
      await store.appendEntries(batch(2, [entry('c', 7)]));
      await store.putCheckpoint({ size: 3, note: Buffer.from('note') });
      await store.putBlob(sha256Hex('blob'), Buffer.from('blob'));
      await store.putMeta('name', Buffer.from('value'));
      for (const isAnew of [false, true]) {
        if (isAnew) await reopen();
        assert.deepEqual(await store.head(), { size: 3, timeMs: 7 });
        const read = await store.readEntries(0, 100);
        assert.deepEqual(
          read.map(({ index, timeMs, envelope }) => [index, timeMs, Buffer.from(envelope).toString()]),
          [
            [0, 5, 'envelope of a'],
            [1, 5, 'envelope of b'],
            [2, 7, 'envelope of c'],
          ],
        );
        assert.equal(
          toHex(await store.readHashes(0, 1, 3)),
          toHex(Buffer.concat([entry('b').leafHash, entry('c').leafHash])),
        );
        assert.equal(toHex(await store.readHashes(1, 0, 5)), '09'.repeat(32));
        const checkpoint = await store.getCheckpoint();
        assert.equal(checkpoint?.size, 3);
        assert.equal(Buffer.from(checkpoint.note).toString(), 'note');
        assert.equal(Buffer.from((await store.getBlob(sha256Hex('blob'))) ?? []).toString(), 'blob');
        assert.equal(Buffer.from((await store.getMeta('name')) ?? []).toString(), 'value');
      }
    });

    test('finds statements by signer and payload, in the order of the question', async () => {
      await store.appendEntries(batch(0, [entry('a', 5), entry('b', 6)]));
      const mixed = { signerKey: entry('a').signerKey, payloadDigest: entry('b').payloadDigest };
      const [b, none, a] = await store.findEntries([entry('b'), mixed, entry('a')]);
      assert.equal(none, undefined);
      assert.deepEqual(
        [b?.index, b?.timeMs, toHex(b?.leafHash ?? new Uint8Array())],
        [1, 6, toHex(entry('b').leafHash)],
      );
      assert.equal(a?.index, 0);
    });

    test('refuses entries that do not continue the log, and writes nothing of them', async () => {
      await store.appendEntries(batch(0, [entry('a', 5), entry('b', 6)]));
      const tileHash = { level: 1, index: 0, hash: Buffer.alloc(32) };
      await assert.rejects(
        store.appendEntries(batch(1, [entry('c', 7)])),
        refused('conflict'),
        'over an entry',
      );
      await assert.rejects(store.appendEntries(batch(3, [entry('c', 7)])), refused('conflict'), 'with a gap');
      await assert.rejects(
        store.appendEntries(batch(2, [entry('c', 5)])),
        refused('conflict'),
        'back in time',
      );
      await assert.rejects(
        store.appendEntries(batch(2, [entry('c', 9), entry('d', 8)])),
        refused('conflict'),
        'back in time within',
      );
      await assert.rejects(
        store.appendEntries({
          firstIndex: 2,
          entries: [entry('c', 7), entry('a', 7)],
          tileHashes: [tileHash],
        }),
        refused('conflict'),
        'a statement twice',
      );
      await assert.rejects(
        store.appendEntries({ firstIndex: 2, entries: [entry('c', 7)], tileHashes: [tileHash, tileHash] }),
        refused('conflict'),
        'a hash twice',
      );
      assert.deepEqual(await store.head(), { size: 2, timeMs: 6 });
      assert.equal((await store.readEntries(0, 9)).length, 2);
      assert.equal((await store.readHashes(0, 0, 9)).length, 64);
      assert.equal((await store.readHashes(1, 0, 9)).length, 0);
      assert.deepEqual(await store.findEntries([entry('c')]), [undefined]);
      await store.appendEntries(batch(2, [entry('c', 7)]));
      assert.deepEqual(await store.head(), { size: 3, timeMs: 7 });
    });

    test('answers in bounded parts', async () => {
      const count = STORE_LIMITS.readEntries + 6;
      await store.appendEntries(batch(0, entries(0, count)));
      const first = await store.readEntries(3, count);
      assert.equal(first.length, STORE_LIMITS.readEntries);
      assert.equal(first[0]?.index, 3);
      assert.equal((await store.readEntries(3 + first.length, count)).length, 3);
      await assert.rejects(store.readHashes(0, 0, STORE_LIMITS.readHashes + 1), InternalError);

      const large = Array.from({ length: 70 }, (_, at) =>
        entry(`large ${at}`, 2000, new Uint8Array(STORE_LIMITS.envelopeBytes)),
      );
      await store.appendEntries(batch(count, large));
      const part = await store.readEntries(count, count + 70);
      assert.equal(part.length, Math.ceil(STORE_LIMITS.readBytes / STORE_LIMITS.envelopeBytes));
    });

    test('refuses what is larger than its limits', async () => {
      const envelope = new Uint8Array(STORE_LIMITS.envelopeBytes + 1);
      await assert.rejects(store.appendEntries(batch(0, [entry('a', 5, envelope)])), refused('too-large'));
      const blob = new Uint8Array(STORE_LIMITS.blobBytes + 1);
      await assert.rejects(store.putBlob(sha256Hex(blob), blob), refused('too-large'));
      await assert.rejects(
        store.putMeta('name', new Uint8Array(STORE_LIMITS.metaBytes + 1)),
        refused('too-large'),
      );
      const largest = new Uint8Array(STORE_LIMITS.blobBytes);
      await store.putBlob(sha256Hex(largest), largest);
      assert.equal((await store.getBlob(sha256Hex(largest)))?.length, STORE_LIMITS.blobBytes);
    });

    test('takes a caller at its word in nothing', async () => {
      const wrong = [
        { ...entry('a'), timeMs: 0.5 },
        { ...entry('a'), timeMs: -1 },
        { ...entry('a'), leafHash: new Uint8Array(31) },
        { ...entry('a'), signerKey: 'AB'.repeat(32) },
        { ...entry('a'), payloadDigest: 'ab' },
      ];
      for (const each of wrong) await assert.rejects(store.appendEntries(batch(0, [each])), InternalError);
      const hash = new Uint8Array(20);
      await assert.rejects(
        store.appendEntries({
          firstIndex: 0,
          entries: [entry('a')],
          tileHashes: [{ level: 1, index: 0, hash }],
        }),
        InternalError,
      );
      await assert.rejects(store.putMeta('', new Uint8Array(1)), InternalError);
      await assert.rejects(store.readEntries(-1, 5), InternalError);
      await assert.rejects(store.readHashes(0, 0.5, 5), InternalError);
      assert.deepEqual(await store.head(), { size: 0, timeMs: 0 });
    });

    test('takes only a newer checkpoint', async () => {
      await store.putCheckpoint({ size: 0, note: Buffer.from('empty') });
      await store.putCheckpoint({ size: 5, note: Buffer.from('five') });
      await store.putCheckpoint({ size: 5, note: Buffer.from('five, cosigned') });
      await assert.rejects(store.putCheckpoint({ size: 4, note: Buffer.from('four') }), refused('conflict'));
      const stored = await store.getCheckpoint();
      assert.equal(Buffer.from(stored?.note ?? []).toString(), 'five, cosigned');
    });

    test('keeps blobs by what they hash to', async () => {
      await assert.rejects(store.putBlob(sha256Hex('one'), Buffer.from('two')), refused('bad-blob'));
      assert.equal(await store.getBlob(sha256Hex('one')), undefined);
      await store.putBlob(sha256Hex('one'), Buffer.from('one'));
      await store.putBlob(sha256Hex('one'), Buffer.from('one'));
      assert.equal(Buffer.from((await store.getBlob(sha256Hex('one'))) ?? []).toString(), 'one');
      await store.putBlob(sha256Hex(''), new Uint8Array(0));
      assert.equal((await store.getBlob(sha256Hex('')))?.length, 0);
    });

    test('lets meta values be replaced', async () => {
      await store.putMeta('name', Buffer.from('first'));
      await store.putMeta('name', Buffer.from('second'));
      assert.equal(Buffer.from((await store.getMeta('name')) ?? []).toString(), 'second');
    });

    test('belongs to one opener at a time', async () => {
      await assert.rejects(open(folder), refused('in-use'));
      await store.appendEntries(batch(0, [entry('a')])); // the refusal did the owner no harm
      await reopen();
      assert.equal((await store.head()).size, 1);
    });

    test('does nothing more once it is closed', async () => {
      await store.close();
      await store.close();
      await assert.rejects(store.head(), refused('closed'));
      await assert.rejects(store.appendEntries(batch(0, [entry('a')])), refused('closed'));
      await assert.rejects(store.readEntries(0, 1), refused('closed'));
      await assert.rejects(store.getMeta('name'), refused('closed'));
    });

    test('is like a plain list, whatever the batches', async () => {
      let size = 0;
      const kept: string[] = [];
      const step = fc.record({
        count: fc.integer({ min: 0, max: 20 }),
        offset: fc.integer({ min: -2, max: 2 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
          for (const { count, offset } of steps) {
            const added = entries(size, count, 1000 + size);
            const write = store.appendEntries(batch(Math.max(0, size + offset), added));
            if (size + offset === size || (size === 0 && offset <= 0)) {
              await write;
              kept.push(...added.map(({ leafHash }) => toHex(leafHash)));
              size += count;
            } else {
              await assert.rejects(write, refused('conflict'));
            }
          }
          assert.equal((await store.head()).size, size);
          const tail = Math.max(0, size - STORE_LIMITS.readHashes);
          assert.equal(toHex(await store.readHashes(0, tail, size)), kept.slice(tail).join(''));
          assert.deepEqual(
            (await store.readEntries(tail, size)).map(({ index }) => index),
            Array.from({ length: size - tail }, (_, at) => tail + at),
          );
        }),
        { numRuns: 20 },
      );
    });
  });
}
