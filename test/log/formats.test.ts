import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../src/bytes/index.ts';
import {
  decodeLeaf,
  encodeLeaf,
  formatEntryBundle,
  LogReplay,
  nodeHasher,
  parseEntryBundle,
} from '../../src/log/index.ts';
import { refused } from './samples.ts';

const throwsCode = (code: Parameters<typeof refused>[0], act: () => unknown): void =>
  assert.throws(act, refused(code));

suite('a leaf', () => {
  test('is eight bytes of time before the envelope', () => {
    const leaf = encodeLeaf({ timeMs: 1_795_356_919_219, envelope: Buffer.from('{}') });
    assert.equal(toHex(leaf), '000001a2039c85b37b7d');
    assert.deepEqual(decodeLeaf(leaf), {
      timeMs: 1_795_356_919_219,
      envelope: new Uint8Array(Buffer.from('{}')),
    });
  });

  test('is read back from anywhere in a larger array', () => {
    const time = fc.maxSafeNat();
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(time, bytes, fc.nat(9), (timeMs, envelope, offset) => {
        const leaf = encodeLeaf({ timeMs, envelope });
        const padded = new Uint8Array(leaf.length + offset);
        padded.set(leaf, offset);
        const read = decodeLeaf(padded.subarray(offset));
        assert.equal(read.timeMs, timeMs);
        assert.equal(toHex(read.envelope), toHex(envelope));
      }),
    );
  });

  test('without an envelope, or with a time beyond all times, is refused', () => {
    throwsCode('bad-leaf', () => decodeLeaf(new Uint8Array(0)));
    throwsCode('bad-leaf', () => decodeLeaf(new Uint8Array(8)));
    throwsCode('bad-leaf', () => decodeLeaf(new Uint8Array(9).fill(255)));
    assert.equal(decodeLeaf(Buffer.from(`001fffffffffffff00`, 'hex')).timeMs, Number.MAX_SAFE_INTEGER);
    throwsCode('bad-leaf', () => decodeLeaf(Buffer.from(`002000000000000000`, 'hex')));
  });
});

suite('an entry bundle', () => {
  test('holds each entry after its length', () => {
    const bundle = formatEntryBundle([Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(258, 7)]);
    assert.equal(toHex(bundle.subarray(0, 10)), '00036f6e650000010207');
    assert.deepEqual(
      parseEntryBundle(bundle, 3).map((entry) => entry.length),
      [3, 0, 258],
    );
  });

  test('is refused when it holds more, less or half an entry', () => {
    const bundle = formatEntryBundle([Buffer.from('one'), Buffer.from('two')]);
    throwsCode('bad-bundle', () => parseEntryBundle(bundle, 1));
    throwsCode('bad-bundle', () => parseEntryBundle(bundle, 3));
    throwsCode('bad-bundle', () => parseEntryBundle(bundle));
    throwsCode('bad-bundle', () => parseEntryBundle(new Uint8Array(0), 1));
    for (const cut of [1, 2, 4, 6, 9])
      throwsCode('bad-bundle', () => parseEntryBundle(bundle.subarray(0, cut), 2));
  });

  test('of any bytes is read or refused, never misread', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 256 }), (bytes, width) => {
        try {
          const entries = parseEntryBundle(bytes, width);
          assert.equal(toHex(formatEntryBundle(entries)), toHex(bytes));
        } catch (error) {
          assert.ok(refused('bad-bundle')(error), String(error));
        }
      }),
    );
  });
});

suite('a replay', () => {
  const leaf = (timeMs: number, text: string): Uint8Array =>
    encodeLeaf({ timeMs, envelope: Buffer.from(text) });

  test('meets a checkpoint at its size, and no other', () => {
    const replay = new LogReplay(nodeHasher);
    replay.check({ size: 0, root: nodeHasher.empty });
    const first = replay.add(leaf(5, 'one'));
    assert.deepEqual([first.index, first.timeMs, Buffer.from(first.envelope).toString()], [0, 5, 'one']);
    replay.check({ size: 1, root: first.leafHash });
    const second = replay.add(leaf(5, 'two'));
    const root = nodeHasher.node(first.leafHash, second.leafHash);
    replay.check({ size: 2, root });
    throwsCode('root-mismatch', () => replay.check({ size: 1, root: first.leafHash }));
    throwsCode('root-mismatch', () =>
      replay.check({ size: 2, root: nodeHasher.node(second.leafHash, first.leafHash) }),
    );
  });

  test('refuses an entry that is older than the one before', () => {
    const replay = new LogReplay(nodeHasher);
    replay.add(leaf(5, 'one'));
    throwsCode('time-decreases', () => replay.add(leaf(4, 'two')));
    assert.equal(replay.size, 1);
  });
});
