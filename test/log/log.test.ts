import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { InternalError, toHex } from '../../src/bytes/index.ts';
import { encodeLeaf, nodeHasher } from '../../src/log/index.ts';
import type { StoredEntry } from '../../src/store/index.ts';
import { auditLog, readHead } from './reading.ts';
import {
  appendText,
  LogInFolder,
  logKey,
  published,
  refused,
  SIGNER,
  sha256Hex,
  statementOf,
} from './samples.ts';

let place: LogInFolder;
beforeEach(async () => {
  place = await LogInFolder.make();
});
afterEach(() => place.remove());

suite('an append', () => {
  test('is answered with index, time and leaf hash, and is in the log that strangers read', async () => {
    const log = await place.open({ clock: () => 1234.9 });
    const first = await appendText(log, 'one');
    const second = await appendText(log, 'two');
    assert.deepEqual([first.index, first.timeMs, first.duplicate], [0, 1234, false]);
    assert.deepEqual([second.index, second.timeMs, second.duplicate], [1, 1234, false]);
    assert.equal(log.size, 2);
    await published(log, 2);
    const entries = await auditLog(log);
    assert.deepEqual(
      entries.map(({ envelope }) => Buffer.from(envelope).toString()),
      ['one', 'two'],
    );
    const leaf = encodeLeaf({ timeMs: 1234, envelope: Buffer.from('two') });
    assert.equal(toHex(second.leafHash), toHex(nodeHasher.leaf(leaf)));
  });

  test('of a statement that is there is answered with its first entry', async () => {
    const log = await place.open();
    const first = await appendText(log, 'one');
    await appendText(log, 'two');
    // The same payload in another envelope (a further signature, say) is the same statement.
    const again = await log.append(Buffer.from('one, signed by more'), statementOf('one'));
    assert.deepEqual(
      { ...again, leafHash: toHex(again.leafHash) },
      { ...first, leafHash: toHex(first.leafHash), duplicate: true },
    );
    const reopened = await place.open();
    const later = await appendText(reopened, 'one');
    assert.equal(later.index, 0);
    assert.equal(later.duplicate, true);
    assert.equal(reopened.size, 2);
  });

  test('of one payload by another signer is another entry', async () => {
    const log = await place.open();
    await appendText(log, 'one');
    const other = await log.append(Buffer.from('one'), {
      signerKey: 'cd'.repeat(32),
      payloadDigest: sha256Hex('one'),
    });
    assert.deepEqual([other.index, other.duplicate], [1, false]);
  });

  test('sent many times at once is logged once', async () => {
    const log = await place.open();
    const receipts = await Promise.all(Array.from({ length: 50 }, () => appendText(log, 'same')));
    assert.deepEqual(new Set(receipts.map(({ index }) => index)), new Set([0]));
    assert.equal(receipts.filter(({ duplicate }) => !duplicate).length, 1);
    assert.equal(log.size, 1);
  });

  test('shares its transaction with others, within the bounds of a batch', async () => {
    const sizes: number[] = [];
    const log = await place.open({ limits: { batchEntries: 10, batchBytes: 60 } });
    log.onAppend((size) => sizes.push(size));
    await Promise.all(Array.from({ length: 25 }, (_, at) => appendText(log, `${at}`)));
    assert.deepEqual(sizes, [10, 20, 25]);
    await Promise.all(Array.from({ length: 5 }, (_, at) => appendText(log, `${at}`.repeat(30))));
    assert.deepEqual(sizes, [10, 20, 25, 27, 29, 30]);
    await appendText(log, 'x'.repeat(100)); // larger than a batch may be: it gets one for itself
    assert.equal(log.size, 31);
  });

  test('is refused when too many wait, by count or by bytes, and what was taken in is logged', async () => {
    const log = await place.open({ limits: { waitingEntries: 3, waitingBytes: 1000 } });
    const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((text) => appendText(log, text)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    await assert.rejects(
      Promise.all([0, 1].map((at) => appendText(log, `${at}`.repeat(600)))),
      refused('busy', /again/),
    );
    assert.equal((await appendText(log, 'd')).duplicate, false);
  });

  test('that is empty, too large or without a proper key is refused', async () => {
    const log = await place.open();
    await assert.rejects(appendText(log, ''), refused('empty-entry'));
    await assert.rejects(appendText(log, 'x'.repeat(4097)), refused('too-large', /4097 bytes exceeds 4096/));
    await assert.rejects(
      log.append(Buffer.from('x'), { signerKey: 'x', payloadDigest: sha256Hex('') }),
      InternalError,
    );
    await assert.rejects(
      log.append(Buffer.from('x'), { signerKey: SIGNER, payloadDigest: 'AB' }),
      InternalError,
    );
    assert.equal((await appendText(log, 'x'.repeat(4096))).index, 0);
  });

  test('after close is refused; what waited before is logged and published', async () => {
    const log = await place.open();
    const waiting = Promise.all(['a', 'b', 'c'].map((text) => appendText(log, text)));
    const closed = log.close();
    await assert.rejects(appendText(log, 'd'), refused('closed'));
    await Promise.all([waiting, closed, log.close()]);
    assert.equal(log.checkpoint().size, 3);
  });
});

suite('time', () => {
  test('never goes back, not even over a restart', async () => {
    let now = 5000;
    const clock = (): number => now;
    let log = await place.open({ clock });
    await appendText(log, 'one');
    now = 4000;
    assert.equal((await appendText(log, 'two')).timeMs, 5000);
    log = await place.open({ clock });
    assert.equal((await appendText(log, 'three')).timeMs, 5000);
    now = 6000;
    assert.equal((await appendText(log, 'four')).timeMs, 6000);
    await published(log, 4);
    await auditLog(log);
  });
});

suite('a checkpoint', () => {
  test('is there from the beginning, and each extends the one before', async () => {
    const log = await place.open({ checkpointEveryMs: 0 });
    const heads = [readHead(log.checkpoint().note, logKey.vkey)];
    assert.equal(heads[0]?.size, 0);
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(Array.from({ length: 30 }, (_, at) => appendText(log, `${round} ${at}`)));
      await published(log, (round + 1) * 30);
      heads.push(readHead(log.checkpoint().note, logKey.vkey));
    }
    assert.equal((await auditLog(log, heads)).length, 360);
  });

  test('comes at most so often, and soon after the last entry', async () => {
    const log = await place.open({ checkpointEveryMs: 1500 });
    await appendText(log, 'one');
    await published(log, 1);
    const from = performance.now();
    await appendText(log, 'two');
    await appendText(log, 'three');
    assert.equal(log.checkpoint().size, 1, 'the next is not due yet');
    await published(log, 3);
    assert.ok(performance.now() - from > 200, 'it waited its time');
  });

  test('covers at the next start what was durable and not yet signed', async () => {
    const log = await place.open({ checkpointEveryMs: 60_000 });
    await appendText(log, 'one');
    await appendText(log, 'two');
    assert.equal(log.checkpoint().size, 1);
    const copy = await place.copyAsItLies();
    try {
      const reopened = await copy.open();
      assert.equal(reopened.checkpoint().size, 2);
      await auditLog(reopened);
    } finally {
      await copy.remove();
    }
  });
});

suite('tiles', () => {
  test('are there in full and in every narrower width, for the published tree only', async () => {
    const log = await place.open({ checkpointEveryMs: 0 });
    await Promise.all(Array.from({ length: 600 }, (_, at) => appendText(log, `entry ${at}`)));
    await published(log, 600);
    const full = await log.tile(0, 1);
    assert.equal(full?.length, 8192);
    assert.equal(toHex((await log.tile(0, 1, 44)) ?? new Uint8Array()), toHex(full.subarray(0, 44 * 32)));
    assert.equal((await log.tile(0, 2, 88))?.length, 88 * 32);
    assert.equal((await log.tile(1, 0, 2))?.length, 64);
    assert.equal((await log.tile(1, 0, 1))?.length, 32);
    for (const [level, index, width] of [
      [0, 2, 256],
      [0, 2, 89],
      [0, 3, 1],
      [1, 0, 3],
      [2, 0, 1],
      [63, 0, 1],
      [0, 0, 0],
      [0, 0, 257],
      [0, Number.MAX_SAFE_INTEGER, 1],
    ] as const) {
      assert.equal(
        await log.tile(level, index, width),
        undefined,
        `tile ${level}/${index} of width ${width}`,
      );
    }
    assert.equal(await log.entryBundle(2), undefined);
    assert.equal(await log.entryBundle(2, 89), undefined);
    assert.ok(await log.entryBundle(2, 88));
    assert.ok(await log.entryBundle(0));
    await auditLog(log);
  });

  test('of entries that are durable but not yet published are not there', async () => {
    const log = await place.open({ checkpointEveryMs: 60_000 });
    await appendText(log, 'one');
    await appendText(log, 'two');
    assert.equal(log.size, 2);
    assert.equal(await log.entryBundle(0, 2), undefined);
    assert.ok(await log.entryBundle(0, 1));
  });
});

suite('readers', () => {
  test('are told of each batch before its appends are answered, and read on from where they were', async () => {
    const log = await place.open();
    const seen: string[] = [];
    let reading = Promise.resolve();
    let cursor = 0;
    const readOn = async (before: Promise<void>, size: number): Promise<void> => {
      await before;
      for await (const entry of log.readEntries(cursor)) {
        seen.push(textOf(entry));
        cursor = entry.index + 1;
      }
      assert.ok(cursor >= size);
    };
    const stop = log.onAppend((size) => {
      reading = readOn(reading, size);
    });
    await appendText(log, 'one');
    await reading;
    assert.deepEqual(seen, ['one']);
    await Promise.all(['two', 'three'].map((text) => appendText(log, text)));
    await reading;
    assert.deepEqual(seen, ['one', 'two', 'three']);
    stop();
    await appendText(log, 'four');
    await reading;
    assert.equal(seen.length, 3);
  });

  test('read any number of entries, and stop when they are told to', async () => {
    const log = await place.open();
    await Promise.all(Array.from({ length: 2500 }, (_, at) => appendText(log, `entry ${at}`)));
    let expected = 7;
    for await (const entry of log.readEntries(7)) {
      assert.equal(textOf(entry).startsWith('entry '), true);
      assert.equal(entry.index, expected);
      expected += 1;
    }
    assert.equal(expected, 2500);
    const abort = new AbortController();
    await assert.rejects(async () => {
      for await (const entry of log.readEntries(0, abort.signal)) {
        if (entry.index === 100) abort.abort(new Error('enough'));
        assert.ok(entry.index < 2000);
      }
    }, /enough/);
  });

  test('that fail do not disturb the log; the fault is told', async () => {
    const faults: unknown[] = [];
    const log = await place.open({ onFault: (error) => faults.push(error) });
    log.onAppend(() => {
      throw new Error('reader fell over');
    });
    assert.equal((await appendText(log, 'one')).index, 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(String(faults[0]), /reader fell over/);
  });
});

function textOf(entry: StoredEntry): string {
  return Buffer.from(entry.envelope).toString();
}
