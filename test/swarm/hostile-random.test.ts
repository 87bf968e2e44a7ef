// Peers that send any messages in any order, mostly well-formed and about pieces that exist: nothing breaks.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import {
  encodeExtensionHandshake,
  encodeMessage,
  encodeMetadataMessage,
  PIECE_HEADER_BYTES,
  writePieceHeader,
} from '../../src/wire/index.ts';
import { fingerprint, patternBytes } from './content.ts';
import {
  downloadAmong,
  flood,
  MEMORY_BYTES,
  prepare,
  type Scene,
  watchEscapes,
  watchMemory,
} from './hostile-scene.ts';
import { dial, handshakeOf, type Line, type Script } from './scripted-peer.ts';

const CONTENT = patternBytes(5_500_000, 82);
/** The seed of the peers' choices, each peer has its own from it; another one by the environment's BITQUORUM_PEERS_SEED. */
const SEED = Number(process.env['BITQUORUM_PEERS_SEED'] ?? 20_261_122);

const index = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 2 ** 32 - 1 }));
const begin = fc.constantFrom(0, 16_384, 1, 32_768, 4_294_967_295);
const length = fc.constantFrom(16_384, 1, 0, 16_383, 4_294_967_295);
const plain = fc.constantFrom(
  ...(['choke', 'unchoke', 'interested', 'not-interested', 'have-none', 'keep-alive'] as const),
);

/** Bytes of one message. */
function anyBytes({ metainfo, bytesAt }: Scene): fc.Arbitrary<Uint8Array> {
  const piecesRoot = metainfo.files[0]?.piecesRoot as Uint8Array;
  const range = fc.record({
    piecesRoot: fc.constantFrom(piecesRoot, new Uint8Array(32)),
    baseLayer: fc.nat({ max: 12 }),
    index,
    length: fc.constantFrom(2, 4, 512, 8192, 3, 4_294_967_295),
    proofLayers: fc.nat({ max: 12 }),
  });
  return fc.oneof(
    plain.map((type) => encodeMessage({ type })),
    index.map((pieceIndex) => encodeMessage({ type: 'have', pieceIndex: pieceIndex % 150 })),
    fc
      .record({
        type: fc.constantFrom('request', 'cancel', 'reject' as const),
        pieceIndex: index,
        begin,
        length,
      })
      .map((message) => encodeMessage(message)),
    fc
      .record({ pieceIndex: fc.nat({ max: 150 }), begin: fc.constantFrom(0, 16_384), isRight: fc.boolean() })
      .map(({ isRight, ...place }) => {
        const data = isRight
          ? bytesAt({ ...place, length: 16_384 })
          : patternBytes(16_384, place.pieceIndex + 1);
        const head = new Uint8Array(PIECE_HEADER_BYTES);
        writePieceHeader(head, 0, { ...place, length: Math.max(1, data.length) });
        return concatBytes(head, data.length === 0 ? new Uint8Array(1) : data);
      }),
    range.map((each) => encodeMessage({ ...each, type: 'hash-request' })),
    range.map((each) => encodeMessage({ ...each, type: 'hash-reject' })),
    fc.tuple(range, fc.nat({ max: 40 })).map(([each, count]) => {
      return encodeMessage({ ...each, type: 'hashes', hashes: patternBytes(count * 32, 7) });
    }),
    fc.constantFrom(0, 1, 2, 3, 255).map((extensionId) => {
      const payload = encodeExtensionHandshake({
        extensions: new Map([['ut_metadata', extensionId]]),
        metadataBytes: metainfo.infoBytes.length,
      });
      return encodeMessage({ type: 'extended', extensionId: 0, payload });
    }),
    fc.nat({ max: 3 }).map((pieceIndex) => {
      const payload = encodeMetadataMessage({
        type: pieceIndex % 2 === 0 ? 'request' : 'reject',
        pieceIndex,
      });
      return encodeMessage({ type: 'extended', extensionId: 1, payload });
    }),
  );
}

function randomStreams(scene: Scene, peers: number): Uint8Array[] {
  const messages = fc.array(anyBytes(scene), { minLength: 60, maxLength: 60, size: 'max' });
  return fc.sample(messages, { seed: SEED, numRuns: peers }).map((each) => concatBytes(...each));
}

for (const how of ['torrent', 'magnet'] as const) {
  test(`a download from a ${how} completes among peers that send any messages in any order`, async (context) => {
    context.diagnostic(`seed ${SEED}`);
    const scene = await prepare(context, CONTENT);
    const scripts = randomStreams(scene, 12).map((stream): Script => {
      const greet = (line: Line): void => {
        line.send({ type: 'have-all' });
        void flood(line, stream, 20);
      };
      return { greet };
    });
    const { troubles } = await downloadAmong(context, scene, scripts, { how, honestAfterMs: 400 });
    assert.ok(
      !troubles.some(({ message }) => message.startsWith(scene.honest.host)),
      'the honest peer is no liar',
    );
  });
}

test('a seeder serves among peers that send any messages in any order', async (context) => {
  context.diagnostic(`seed ${SEED}`);
  const escapes = watchEscapes(context);
  const scene = await prepare(context, CONTENT);
  const swarm = await scene.seeder.seed(scene.torrent, scene.path);
  const memory = watchMemory(context);
  const floods = randomStreams(scene, 12).map(async (stream, at) => {
    const line = await dial(context, `127.0.${at + 30}.1`, scene.honest);
    line.socket.resume();
    line.socket.write(handshakeOf(scene.metainfo, at + 1));
    line.send({ type: 'interested' });
    return flood(line, stream, 40);
  });
  const leecher = new Engine();
  context.after(() => leecher.close());
  const { path } = await leecher.download(scene.metainfo, {
    folder: join(scene.out, 'honest'),
    peers: [scene.honest],
    signal: AbortSignal.timeout(20_000),
  });
  assert.deepEqual(await fingerprint(path), await fingerprint(scene.path));
  await Promise.all(floods);
  assert.equal(swarm.progress.phase, 'seeding');
  memory.mustStayBelow(MEMORY_BYTES);
  escapes.mustBeNone();
});
