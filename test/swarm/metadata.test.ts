// The info dictionary of a magnet link: got past peers that give none or another one, and given within bounds.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { formatMagnet, parseMagnet } from '../../src/torrent/index.ts';
import {
  type BlockSpan,
  encodeExtensionHandshake,
  encodeMetadataMessage,
  MessageDecoder,
  type MetadataMessage,
  parseMetadataMessage,
} from '../../src/wire/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf, startScripted } from './scripted-peer.ts';

/** Its info dictionary is of three pieces. */
const TREE = Object.fromEntries(
  Array.from({ length: 500 }, (_, at) => [`file-${at}`, patternBytes(50 + at, at + 1)]),
);

async function seeding(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', TREE, 'v2');
  assert.equal(Math.ceil(made.metainfo.infoBytes.length / 16_384), 3);
  const seeder = new Engine({ host: '127.0.50.1' });
  context.after(() => seeder.close());
  const address = await seeder.listen();
  return { ...made, seeder, address, out: join(folder, 'out') };
}

/** How a hostile peer answers requests for metadata of a length. */
type Answers = (pieceIndex: number, sizeBytes: number) => readonly MetadataMessage[];

/** Downloads by a magnet link among peers that answer as told; the honest one comes up after them. */
async function downloadAmong(context: TestContext, hostile: readonly Answers[], honestAfterMs = 100) {
  const { metainfo, torrent, path, seeder, address, out } = await seeding(context);
  const size = metainfo.infoBytes.length;
  const started = await Promise.all(
    hostile.map((answers, at) =>
      startScripted(context, `127.0.${51 + at}.1`, metainfo, () => new Uint8Array(0), {
        block: () => undefined,
        metadataAnswers: (pieceIndex) => answers(pieceIndex, size),
      }),
    ),
  );
  const leecher = new Engine();
  context.after(() => leecher.close());
  const troubles: SwarmError[] = [];
  const startedMs = performance.now();
  const timer = setTimeout(() => void seeder.seed(torrent, path), honestAfterMs);
  context.after(() => clearTimeout(timer));
  const result = await leecher.download(parseMagnet(formatMagnet({ infoHashV2: metainfo.infoHashV2 })), {
    folder: out,
    peers: [...started, address],
    signal: AbortSignal.timeout(15_000),
    onTrouble: (error) => troubles.push(error),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  return { troubles, milliseconds: performance.now() - startedMs };
}

function dataOf(pieceIndex: number, totalBytes: number, length = 16_384): MetadataMessage {
  return { type: 'data', pieceIndex, totalBytes, piece: new Uint8Array(length) };
}

const LIES: readonly (readonly [name: string, says: RegExp, answers: Answers])[] = [
  ['a piece behind the end', /metadata piece 4000000 of/, (_, size) => [dataOf(4_000_000, size)]],
  ['another size than it told', /of 16384 bytes, having told of/, (at) => [dataOf(at, 16_384)]],
  ['a piece that is too short', /a metadata piece of 5 bytes/, (at, size) => [dataOf(at, size, 5)]],
  ['another info dictionary', /does not have the infohash/, (at, size) => [wholeOf(at, size)]],
];

function wholeOf(pieceIndex: number, size: number): MetadataMessage {
  return dataOf(pieceIndex, size, Math.min(16_384, size - pieceIndex * 16_384));
}

for (const [name, says, answers] of LIES) {
  test(`a peer that sends ${name} is banned, and the metadata comes from another`, async (context) => {
    const { troubles } = await downloadAmong(context, [answers]);
    assert.equal(troubles.length, 1);
    assert.equal(troubles[0]?.code, 'peer-lied');
    assert.match(troubles[0]?.message ?? '', says);
  });
}

test('a peer that sends one piece without end is cut off, and the metadata comes from another', async (context) => {
  const flood: Answers = (at, size) => Array.from({ length: 100 }, () => wholeOf(at, size));
  const { troubles } = await downloadAmong(context, [flood]);
  assert.deepEqual(troubles, []);
});

test('silent peers hold nobody up: one more peer is asked each second', async (context) => {
  const { milliseconds } = await downloadAmong(context, [() => [], () => [], () => [], () => []], 300);
  assert.ok(milliseconds < 6000, `${milliseconds} ms`);
});

test('a peer that rejects the first requests is asked again', async (context) => {
  const { metainfo, path, out } = await seeding(context);
  const { infoBytes, infoHashV2 } = metainfo;
  const files = Object.keys(TREE).sort();
  const bytesAt = ({ pieceIndex }: BlockSpan) => TREE[files[pieceIndex] as string] as Uint8Array;
  let requests = 0;
  const shy = await startScripted(context, '127.0.51.1', metainfo, bytesAt, {
    metadataAnswers: (pieceIndex) => {
      requests += 1;
      if (requests <= 3) return [{ type: 'reject', pieceIndex }];
      const piece = infoBytes.subarray(pieceIndex * 16_384, (pieceIndex + 1) * 16_384);
      return [{ type: 'data', pieceIndex, totalBytes: infoBytes.length, piece }];
    },
  });
  const leecher = new Engine();
  context.after(() => leecher.close());
  const options = { folder: out, peers: [shy], signal: AbortSignal.timeout(15_000) };
  const result = await leecher.download(parseMagnet(formatMagnet({ infoHashV2 })), options);
  assert.deepEqual(await fingerprint(result.path), await fingerprint(path));
  assert.equal(requests, 6);
});

test('a peer is given the metadata three times, then rejects, and is cut off when it goes on', async (context) => {
  const made = await seeding(context);
  await made.seeder.seed(made.torrent, made.path);
  const line = await dial(context, '127.0.51.1', made.address);
  line.socket.write(handshakeOf(made.metainfo, 1));
  const handshake = encodeExtensionHandshake({ extensions: new Map([['ut_metadata', 7]]) });
  line.send({ type: 'extended', extensionId: 0, payload: handshake });
  const counts = new Map<string, number>();
  let waiting = (): void => undefined;
  const answered = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      waiting = () => {
        if ([...counts.values()].reduce((sum, count) => sum + count, 0) >= wanted) resolve();
      };
      waiting();
    });
  let head = 68;
  const decoder = new MessageDecoder({
    message: (message) => {
      if (message.type !== 'extended' || message.extensionId !== 7) return;
      const type = parseMetadataMessage(message.payload)?.type ?? 'none';
      counts.set(type, (counts.get(type) ?? 0) + 1);
      waiting();
    },
    beginBlock: () => undefined,
    endBlock: () => undefined,
  });
  line.socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(head, chunk.length);
    head -= skipped;
    decoder.push(chunk.subarray(skipped));
  });
  const ask = (pieceIndex: number): void => {
    const payload = encodeMetadataMessage({ type: 'request', pieceIndex });
    line.send({ type: 'extended', extensionId: 1, payload });
  };
  const closed = new Promise<void>((resolve) => {
    line.socket.once('close', () => resolve());
  });
  for (let count = 0; count < 20; count += 1) ask(count % 4);
  await answered(20);
  assert.deepEqual(Object.fromEntries(counts), { data: 9, reject: 11 });
  for (let count = 0; count < 1000; count += 1) ask(0);
  await closed;
  const leecher = new Engine();
  context.after(() => leecher.close());
  const { path } = await leecher.download(parseMagnet(formatMagnet(made.metainfo)), {
    folder: made.out,
    peers: [made.address],
    signal: AbortSignal.timeout(10_000),
  });
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
});
