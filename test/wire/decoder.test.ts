import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/bytes/index.ts';
import { encodeMessage, MessageDecoder, WireError } from '../../src/wire/index.ts';
import { anyMessage, bytesOf, decodeAll } from './messages.ts';

/** Cuts bytes into chunks as sockets give them: Buffers, whose memory is overwritten once they were read. */
function* volatileChunks(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  let start = 0;
  const ends = cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right);
  for (const end of [...ends, bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(start, end));
    yield chunk;
    chunk.fill(0xee);
    start = end;
  }
}

test('every message comes back as it was written, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(anyMessage(), { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (messages, cuts) => {
        const stream = concatBytes(...messages.map((message) => bytesOf(message)));
        assert.deepEqual(decodeAll(volatileChunks(stream, cuts)), messages);
      },
    ),
    { numRuns: 500 },
  );
});

test('one byte at a time gives the same messages', () => {
  fc.assert(
    fc.property(fc.array(anyMessage(), { maxLength: 3 }), (messages) => {
      const stream = concatBytes(...messages.map((message) => bytesOf(message)));
      assert.deepEqual(decodeAll(volatileChunks(stream, [...stream.keys()])), messages);
    }),
    { numRuns: 50 },
  );
});

test('any bytes give messages or a WireError, the same ones for every way to cut them', () => {
  const outcome = (chunks: Iterable<Uint8Array>) => {
    try {
      return decodeAll(chunks);
    } catch (error) {
      assert.ok(error instanceof WireError, String(error));
      return error.code;
    }
  };
  const lengthThenAnything = fc
    .tuple(fc.nat({ max: 80 }), fc.uint8Array({ maxLength: 200 }))
    .map(([length, rest]) => concatBytes(Uint8Array.of(0, 0, 0, length), rest));
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 200 }), lengthThenAnything),
      fc.array(fc.nat(), { maxLength: 10 }),
      (bytes, cuts) => {
        assert.deepEqual(outcome(volatileChunks(bytes, cuts)), outcome([bytes]));
      },
    ),
    { numRuns: 2000 },
  );
});

test('messages and blocks beyond the limits are refused by their head, before memory is taken', () => {
  const head = (length: number, id: number) =>
    Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, id);
  for (const [bytes, code] of [
    [head(0xffff_ffff, 5), 'message-too-long'],
    [head(300_001, 20), 'message-too-long'],
    [head(9 + 16_385, 7), 'message-too-long'],
    [head(9, 7), 'bad-message-length'],
    [head(3, 7), 'bad-message-length'],
  ] as const) {
    assert.throws(() => decodeAll([bytes]), { name: 'WireError', code });
  }
  assert.deepEqual(decodeAll([head(9 + 16_384, 7), head(300_000, 5).subarray(0, 3)]), []);
});

test('fixed lengths are kept: a message with a byte too few or too many is refused', () => {
  for (const message of [
    encodeMessage({ type: 'unchoke' }),
    encodeMessage({ type: 'have', pieceIndex: 1 }),
    encodeMessage({ type: 'request', pieceIndex: 1, begin: 0, length: 4 }),
    encodeMessage({ type: 'port', port: 6881 }),
  ]) {
    const longer = concatBytes(message, Uint8Array.of(0));
    longer[3] = (longer[3] as number) + 1;
    assert.throws(() => decodeAll([longer]), { code: 'bad-message-length' });
  }
  const oddHashes = concatBytes(Uint8Array.of(0, 0, 0, 50, 22), new Uint8Array(49));
  assert.throws(() => decodeAll([oddHashes]), { code: 'bad-message-length' });
});

test('a dropped block is read to its end but written no more; a stopped decoder is silent', () => {
  const target = new Uint8Array(4);
  const ended: number[] = [];
  const decoder: MessageDecoder = new MessageDecoder({
    message: () => decoder.stop(),
    beginBlock: () => target,
    endBlock: ({ begin }) => ended.push(begin),
  });
  const block = bytesOf({
    type: 'piece',
    pieceIndex: 0,
    begin: 9,
    length: 4,
    data: Uint8Array.of(1, 2, 3, 4),
  });
  decoder.push(block.subarray(0, 15));
  decoder.dropBlock();
  decoder.push(block.subarray(15));
  assert.deepEqual(target, Uint8Array.of(1, 2, 0, 0));
  decoder.push(concatBytes(encodeMessage({ type: 'choke' }), block));
  decoder.push(block);
  assert.deepEqual(ended, [9]);
});
