// Peers that are slow on purpose: they send byte by byte, never finish, and hold nobody up.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { concatBytes } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { type BlockSpan, PIECE_HEADER_BYTES, writePieceHeader } from '../../src/wire/index.ts';
import { patternBytes } from './content.ts';
import { downloadAmong, mustBan, prepare, trickle, watchEscapes } from './hostile-scene.ts';
import { dial, handshakeOf, type Line, type Script } from './scripted-peer.ts';

/** Pieces of four blocks each. */
const CONTENT = patternBytes(11_000_000, 78);
/** What the engines of these tests give a peer that sends nothing, and what passes until that is seen. */
const PATIENCE_MS = 1500;
const NOTICED_MS = 2500 + PATIENCE_MS;

/** A block's head and bytes. */
function blockOf(span: BlockSpan, data: Uint8Array): Uint8Array {
  const head = new Uint8Array(PIECE_HEADER_BYTES);
  writePieceHeader(head, 0, span);
  return concatBytes(head, data);
}

/** Begins what `what` gives once, on each connection, and notes how long it lasted. */
function slowly(lasted: number[], what: (line: Line, span: BlockSpan) => Uint8Array): Script {
  const begun = new WeakSet<Line>();
  return {
    block: (span, line) => {
      if (!begun.has(line)) void trickle(line, what(line, span), 20).then((time) => lasted.push(time));
      begun.add(line);
      return undefined;
    },
  };
}

const oversize = concatBytes(Uint8Array.of(0, 4, 0, 0, 5), new Uint8Array(262_143));

const SLOW: readonly (readonly [name: string, (lasted: number[]) => Script])[] = [
  ['a message', (lasted) => slowly(lasted, () => oversize)],
  ['a block', (lasted) => slowly(lasted, (_, span) => blockOf(span, patternBytes(span.length, 5)))],
  ['keep-alives, and no block', (lasted) => slowly(lasted, () => new Uint8Array(4))],
];

for (const [name, make] of SLOW) {
  test(`a download drops a peer that sends ${name} byte by byte`, async (context) => {
    const lasted: number[] = [];
    const scene = await prepare(context, CONTENT);
    const { progress, hostile } = await downloadAmong(context, scene, [make(lasted)], {
      honestAfterMs: 4000,
    });
    assert.equal(progress.bannedPeers, 0, 'to be slow is no lie');
    assert.ok(hostile[0]?.lines[0]?.socket.destroyed);
    assert.ok((lasted[0] ?? Infinity) < NOTICED_MS, `it was let go after ${lasted[0]} ms`);
  });
}

test('a download drops a peer that shakes hands byte by byte', async (context) => {
  const scene = await prepare(context, CONTENT);
  const lasted: number[] = [];
  const hello = handshakeOf(scene.metainfo, 31);
  const script: Script = {
    onConnect: (line) => void trickle(line, hello, 100).then((time) => lasted.push(time)),
  };
  await downloadAmong(context, scene, [script], { honestAfterMs: 2500 });
  assert.ok((lasted[0] ?? Infinity) < NOTICED_MS, `it was let go after ${lasted[0]} ms`);
});

test('a piece that one peer shall send alone is not held back by sending it byte by byte', async (context) => {
  const scene = await prepare(context, CONTENT);
  // The first gives one wrong block; the second gives the rest, but no hashes, so that nobody is known to have lied
  // and the piece is asked of one peer alone: of the second, which from then on sends byte by byte.
  let wrong = 0;
  const liar: Script = {
    block: (span, { socket }) => {
      wrong += 1;
      if (wrong <= 2) return wrong === 1 ? patternBytes(span.length, 6) : scene.bytesAt(span);
      socket.end();
      return undefined;
    },
  };
  const given = new Set<string>();
  const waiting: (() => void)[] = [];
  const lasted: number[] = [];
  let isSlow = false;
  const second: Script = {
    block: (span, line) => {
      const name = `${span.pieceIndex} ${span.begin}`;
      if (!isSlow && given.has(name)) {
        isSlow = true;
        void trickle(line, blockOf(span, scene.bytesAt(span)), 20).then((time) => lasted.push(time));
      }
      if (isSlow) return undefined;
      given.add(name);
      if (wrong <= 2) {
        waiting.push(() => line.socket.write(blockOf(span, scene.bytesAt(span))));
        return undefined;
      }
      for (const each of waiting.splice(0)) each();
      return scene.bytesAt(span);
    },
  };
  const outcome = await downloadAmong(context, scene, [liar, second], { honestAfterMs: 4000 });
  assert.ok(isSlow, 'the piece was asked of the second peer again');
  assert.ok((lasted[0] ?? Infinity) < NOTICED_MS, `it was let go after ${lasted[0]} ms`);
  mustBan(outcome, outcome.hostile[0] as (typeof outcome.hostile)[number]);
});

for (const [name, first] of [
  ['the handshake', undefined],
  ['an encrypted handshake', patternBytes(600, 9)],
] as const) {
  test(`a seeder gives a peer that sends ${name} byte by byte no more time than others`, async (context) => {
    const escapes = watchEscapes(context);
    const { address, hello } = await listening(context);
    const line = await dial(context, '127.0.24.1', address);
    const lastedMs = await trickle(line, first ?? hello, 10);
    assert.ok(lastedMs < 1500, `it was let go after ${lastedMs} ms`);
    escapes.mustBeNone();
  });
}

/** A seeder that gives a handshake half a second. */
async function listening(context: TestContext) {
  const { torrent, path, metainfo } = await prepare(context, patternBytes(100_000, 3));
  const engine = new Engine({ handshakeTimeoutMs: 400 });
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(torrent, path);
  return { address, hello: handshakeOf(metainfo, 32) };
}

test('a seeder reads requests that come byte by byte, and closes nothing for it', async (context) => {
  const { address, hello } = await listening(context);
  const line = await dial(context, '127.0.25.1', address);
  for (const at of hello.keys()) line.socket.write(hello.subarray(at, at + 1));
  await once(line.socket, 'data', { signal: AbortSignal.timeout(5000) });
  assert.ok(!line.socket.destroyed);
});
