// The end of a file, where versions of libtorrent differ: 2.0.8 asks for a whole block there and ends the connection over
// a shorter answer, newer ones (2.0.13) ask for what there is. Both are served; we ask for what there is, which both serve.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
import { type BlockSpan, HANDSHAKE_BYTES, MessageDecoder } from '../../src/wire/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { dial, handshakeOf, type Line, startScripted } from '../swarm/scripted-peer.ts';

const BLOCK_BYTES = 16_384;
const LIMIT_MS = 10_000;
/** Pieces of 32 KiB. Each file ends inside a block; `c`, within a piece's first block, so that its second is padding. */
const TREE = {
  a: patternBytes(3_000_001, 81),
  b: patternBytes(BLOCK_BYTES + 1, 82),
  c: patternBytes(777, 83),
};

interface Asked extends BlockSpan {
  readonly file: keyof typeof TREE;
}

/** The last block of each file, as long as a block is, or as long as its data is. */
function lastBlocks(pieceLength: number, isWhole: boolean): Asked[] {
  let firstPiece = 0;
  return (['a', 'b', 'c'] as const).map((file) => {
    const size = TREE[file].length;
    const start = Math.floor((size - 1) / BLOCK_BYTES) * BLOCK_BYTES;
    const pieceIndex = firstPiece + Math.floor(start / pieceLength);
    firstPiece += Math.ceil(size / pieceLength);
    return { file, pieceIndex, begin: start % pieceLength, length: isWhole ? BLOCK_BYTES : size - start };
  });
}

/** What a file has at a span, with zeros behind its end. */
function dataAt({ file, length }: Asked): Buffer {
  const start = Math.floor((TREE[file].length - 1) / BLOCK_BYTES) * BLOCK_BYTES;
  return Buffer.concat([TREE[file].subarray(start), Buffer.alloc(BLOCK_BYTES)], length);
}

/** Asks a seeder for spans, one after the other, and gives what came, in the order of its coming. */
async function ask(line: Line, hello: Uint8Array, spans: readonly BlockSpan[]) {
  const came: { readonly span: BlockSpan; readonly bytes: Uint8Array }[] = [];
  const done = Promise.withResolvers<void>();
  let bytes = new Uint8Array(0);
  const decoder = new MessageDecoder({
    message: ({ type }) => {
      if (type === 'unchoke') for (const span of spans) line.send({ ...span, type: 'request' });
      if (type === 'reject') done.reject(new Error('a request was rejected'));
    },
    beginBlock: ({ length }) => {
      bytes = new Uint8Array(length);
      return bytes;
    },
    endBlock: (span) => {
      came.push({ span, bytes });
      if (came.length === spans.length) done.resolve();
    },
  });
  let head = HANDSHAKE_BYTES;
  line.socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(head, chunk.length);
    head -= skipped;
    decoder.push(chunk.subarray(skipped));
  });
  line.socket.write(hello);
  line.send({ type: 'interested' });
  const closed = once(line.socket, 'close').then(() => done.reject(new Error('the seeder hung up')));
  await Promise.race([done.promise, closed]);
  return came;
}

for (const profile of ['hybrid', 'v2'] as const) {
  for (const isWhole of [true, false]) {
    const how = isWhole ? 'whole blocks, as libtorrent 2.0.8' : 'what there is, as libtorrent 2.0.13';

    test(`a seeder is asked at the ends of files for ${how}: ${profile}`, async (context) => {
      const folder = await temporaryFolder(context);
      const made = await makeTorrent(folder, 'content', TREE, profile);
      const { pieceLength } = made.metainfo;
      assert.equal(pieceLength, 2 * BLOCK_BYTES);
      const engine = new Engine();
      context.after(() => engine.close());
      const address = await engine.listen();
      await engine.seed(made.torrent, made.path);
      const asked = lastBlocks(pieceLength, isWhole);
      const padding = { pieceIndex: asked[2]?.pieceIndex ?? 0, begin: BLOCK_BYTES, length: BLOCK_BYTES };
      const spans = isWhole ? [...asked, padding] : asked;
      const line = await dial(context, '127.0.64.1', address);
      const came = await ask(line, handshakeOf(made.metainfo, 1), spans);
      const expected = asked.map((span) => new Uint8Array(dataAt(span)));
      if (isWhole) expected.push(new Uint8Array(BLOCK_BYTES));
      assert.deepEqual(
        came.map(({ bytes }) => bytes),
        expected,
      );
    });
  }

  test(`a download asks for no byte behind the end of a file: ${profile}`, async (context) => {
    const folder = await temporaryFolder(context);
    const made = await makeTorrent(folder, 'content', TREE, profile);
    const { pieceLength } = made.metainfo;
    const contents = (['a', 'b', 'c'] as const).map((name) => readFileSync(join(made.path, name)));
    const padded = contents.map((bytes) =>
      Buffer.concat([bytes], Math.ceil(bytes.length / pieceLength) * pieceLength),
    );
    const whole = Buffer.concat(padded);
    const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
      whole.subarray(pieceIndex * pieceLength + begin, pieceIndex * pieceLength + begin + length);
    const asked: BlockSpan[] = [];
    const seeder = await startScripted(context, '127.0.64.2', made.metainfo, bytesAt, {
      block: ({ pieceIndex, begin, length }) => {
        asked.push({ pieceIndex, begin, length });
        return bytesAt({ pieceIndex, begin, length });
      },
    });
    const engine = new Engine();
    context.after(() => engine.close());
    const { path } = await engine.download(made.metainfo, {
      folder: join(folder, 'out'),
      peers: [seeder],
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
    const ends = lastBlocks(pieceLength, false);
    for (const { file, pieceIndex, begin, length } of ends) {
      const found = asked.filter((span) => span.pieceIndex === pieceIndex && span.begin >= begin);
      assert.deepEqual(found, [{ pieceIndex, begin, length }], `the end of ${file}`);
    }
  });
}
