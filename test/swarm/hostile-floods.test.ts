// Peers that send without end what a download takes one by one: it completes, and memory stays bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '../../src/bytes/index.ts';
import {
  encodeExtensionHandshake,
  encodeMessage,
  encodeMetadataMessage,
  type PeerMessage,
  PIECE_HEADER_BYTES,
  writePieceHeader,
} from '../../src/wire/index.ts';
import { patternBytes } from './content.ts';
import { downloadAmong, flood, mustBan, prepare } from './hostile-scene.ts';
import { handshakeOf, type Line, type Script } from './scripted-peer.ts';

const CONTENT = patternBytes(11_000_000, 79);

/** One message many times, as one write. */
function many(times: number, ...messages: readonly (PeerMessage | Uint8Array)[]): Uint8Array {
  const once = messages.map((each) => (each instanceof Uint8Array ? each : encodeMessage(each)));
  return concatBytes(...Array.from({ length: times }, () => concatBytes(...once)));
}

const range = { piecesRoot: patternBytes(32, 4), baseLayer: 0, index: 0, length: 512, proofLayers: 0 };
// It begins where no block does.
const unasked = new Uint8Array(PIECE_HEADER_BYTES + 16_384);
writePieceHeader(unasked, 0, { pieceIndex: 3, begin: 1, length: 16_384 });
const extensions = new Map(Array.from({ length: 64 }, (_, at) => [`extension ${at}`, at] as const));
const hello = encodeExtensionHandshake({
  extensions,
  metadataBytes: 9_000_000,
  requestQueue: 1,
  client: 'x'.repeat(128),
});
const data = encodeMetadataMessage({
  type: 'data',
  pieceIndex: 0,
  totalBytes: 200,
  piece: new Uint8Array(200),
});

/** What is sent, how often, and whether the peer is cut off for it. */
const FLOODS: readonly (readonly [name: string, chunk: Uint8Array, times: number, isCutOff: boolean])[] = [
  [
    'hashes that nobody asked for',
    many(4, { type: 'hashes', ...range, hashes: patternBytes(512 * 32, 5) }),
    4000,
    true,
  ],
  ['refusals of hashes that nobody asked for', many(200, { type: 'hash-reject', ...range }), 4000, true],
  ['blocks that nobody asked for', many(4, unasked), 4000, true],
  ['chokes and unchokes', many(400, { type: 'choke' }, { type: 'unchoke' }), 200, false],
  ['extension handshakes', many(20, { type: 'extended', extensionId: 0, payload: hello }), 200, false],
  ['metadata that is known', many(20, { type: 'extended', extensionId: 1, payload: data }), 400, false],
  [
    'messages of extensions that nobody has',
    many(400, { type: 'extended', extensionId: 99, payload: data }),
    200,
    false,
  ],
  [
    'refusals of blocks that nobody asked for',
    many(400, { type: 'reject', pieceIndex: 1, begin: 0, length: 16_384 }),
    200,
    false,
  ],
  ['cancels', many(400, { type: 'cancel', pieceIndex: 1, begin: 0, length: 16_384 }), 200, false],
  ['interest and none', many(400, { type: 'interested' }, { type: 'not-interested' }), 200, false],
  ['one piece again and again', many(400, { type: 'have', pieceIndex: 2 }), 200, false],
  [
    'messages without a name',
    many(400, Uint8Array.of(0, 0, 0, 3, 99, 1, 2), { type: 'keep-alive' }),
    200,
    false,
  ],
];

/** What a download takes also while it has only a magnet link; there, other metadata would be a lie. */
const EARLY = new Set(['hashes that nobody asked for', 'chokes and unchokes', 'extension handshakes']);

for (const how of ['torrent', 'magnet'] as const) {
  for (const [name, chunk, times, isCutOff] of FLOODS) {
    if (how === 'magnet' && !EARLY.has(name)) continue;
    test(`a download from a ${how} stands a flood of ${name}`, async (context) => {
      const scene = await prepare(context, CONTENT);
      const floods: Promise<number>[] = [];
      const greet = (line: Line): void => {
        line.send({ type: 'have-all' });
        line.socket.resume();
        floods.push(flood(line, chunk, times));
      };
      const { progress, hostile } = await downloadAmong(context, scene, [{ greet, block: () => undefined }], {
        how,
      });
      assert.equal(progress.bannedPeers, 0, 'a flood is no lie');
      const [sent = 0] = await Promise.all(floods);
      assert.ok(sent > 0);
      if (!isCutOff) return;
      assert.ok(sent < times, 'it was cut off before it was done');
      assert.ok(hostile[0]?.lines[0]?.socket.destroyed);
    });
  }
}

test('a download answers a flood of requests with no more than waits for one peer, and lets go who does not read', async (context) => {
  const scene = await prepare(context, CONTENT);
  const request = many(1000, { type: 'request', pieceIndex: 1, begin: 0, length: 16_384 });
  const hashRequest = many(300, { type: 'hash-request', ...range });
  const lines: Line[] = [];
  const script = (chunk: Uint8Array): Script => ({
    greet: (line) => {
      lines.push(line);
      line.socket.pause();
      void flood(line, chunk, 2000);
    },
  });
  await downloadAmong(context, scene, [script(request), script(hashRequest)], {
    honestAfterMs: 1200,
    engine: { sendQueueBytes: 500_000 },
  });
  assert.deepEqual(
    lines.slice(0, 2).map(({ socket }) => socket.destroyed),
    [true, true],
  );
});

test('blocks that come three times count once, and the rest as waste', async (context) => {
  const scene = await prepare(context, CONTENT);
  const script: Script = {
    block: (span, { socket }) => {
      const bytes = new Uint8Array(PIECE_HEADER_BYTES + span.length);
      writePieceHeader(bytes, 0, span);
      bytes.set(scene.bytesAt(span), PIECE_HEADER_BYTES);
      for (let copy = 0; copy < 2; copy += 1) socket.write(bytes);
      return scene.bytesAt(span);
    },
  };
  const outcome = await downloadAmong(context, scene, [script], { hasHonest: false });
  mustBan(outcome);
  assert.equal(outcome.progress.haveBytes, CONTENT.length);
  assert.ok(
    outcome.progress.wastedBytes >= CONTENT.length,
    `${outcome.progress.wastedBytes} bytes were wasted`,
  );
});

test('a peer that answers with another torrent’s handshake is left, and is no liar', async (context) => {
  const scene = await prepare(context, CONTENT);
  const script: Script = {
    onConnect: ({ socket }) => {
      socket.resume();
      const other = handshakeOf(scene.metainfo, 40);
      other.fill(0xaa, 28, 48);
      socket.write(concatBytes(other, encodeMessage({ type: 'have-all' })));
    },
  };
  const outcome = await downloadAmong(context, scene, [script]);
  mustBan(outcome);
  assert.ok(outcome.hostile[0]?.lines[0]?.socket.destroyed);
});

for (const [name, block] of [
  ['silence', () => undefined],
  [
    'refusals',
    (span, line) => {
      line.send({ ...span, type: 'reject' });
      return undefined;
    },
  ],
] as const satisfies readonly (readonly [string, Script['block']])[]) {
  test(`a peer that claims every piece, one by one, and answers with ${name} holds nothing up`, async (context) => {
    const scene = await prepare(context, CONTENT);
    const pieces = Math.ceil(CONTENT.length / scene.metainfo.pieceLength);
    const greet = (line: Line): void => {
      line.send({ type: 'have-none' });
      for (let pieceIndex = 0; pieceIndex < pieces; pieceIndex += 1) line.send({ type: 'have', pieceIndex });
    };
    const outcome = await downloadAmong(context, scene, [{ greet, block }]);
    mustBan(outcome);
    assert.ok((outcome.hostile[0]?.lines[0]?.seen.get('request') ?? 0) > 0, 'it was asked');
  });
}
