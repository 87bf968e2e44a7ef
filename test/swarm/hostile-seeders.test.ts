// A download among hostile peers, each on a loopback address of its own: it completes from the honest one.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { concatBytes } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import type { BlockSpan } from '../../src/wire/index.ts';
import { patternBytes } from './content.ts';
import { downloadAmong, mustBan, prepare } from './hostile-scene.ts';
import { type Line, type Script, startScripted } from './scripted-peer.ts';

/** Pieces of four blocks each. */
const CONTENT = patternBytes(11_000_000, 77);
const garbage = (length: number): Buffer => patternBytes(length, 123);
const wrongBlock = ({ length }: BlockSpan): Uint8Array => garbage(length);

const SCRIPTS: readonly (readonly [name: string, script: Script, isBanned: boolean])[] = [
  ['garbage instead of a handshake', { onConnect: ({ socket }) => socket.write(garbage(500)) }, false],
  ['silence instead of a handshake', { onConnect: () => undefined }, false],
  ['garbage after the handshake', { greet: ({ socket }) => socket.write(garbage(100_000)) }, false],
  [
    'an endless message',
    { greet: ({ socket }) => socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 5, 1, 2)) },
    false,
  ],
  ['a bitfield of the wrong length', { greet: sends({ type: 'bitfield', bits: new Uint8Array(9) }) }, false],
  ['a piece that does not exist', { greet: sends({ type: 'have', pieceIndex: 4_000_000_000 }) }, false],
  ['wrong blocks', { block: wrongBlock }, true],
  ['blocks that are too short', { block: ({ length }) => garbage(length - 1) }, false],
  ['nothing, after a promise of everything', { block: () => undefined }, false],
  ['nothing but refusals', { block: refuses }, false],
  ['a flood of hashes that nobody asked for', { greet: floodsHashes, block: () => undefined }, false],
];

for (const [name, script, isBanned] of SCRIPTS) {
  test(`a download gets past a peer that sends ${name}`, async (context) => {
    const prepared = await prepare(context, CONTENT);
    const outcome = await downloadAmong(context, prepared, [script]);
    assert.ok((outcome.hostile[0]?.lines.length ?? 0) > 0, 'the hostile peer was asked');
    mustBan(outcome, ...(isBanned ? outcome.hostile : []));
  });
}

const LIES: readonly (readonly [name: string, script: Script])[] = [
  ['metadata of the right size and wrong content', { metadata: garbage(200) }],
  ['more metadata than any torrent has', { metadataBytes: 500_000_000 }],
  ['hashes that are not the torrent’s', { hashes: ({ length }) => garbage(length * 32) }],
  ['too few hashes', { hashes: () => garbage(32) }],
];

for (const [name, script] of LIES) {
  test(`a magnet link gets past a peer that gives ${name}`, async (context) => {
    const prepared = await prepare(context, CONTENT);
    const outcome = await downloadAmong(context, prepared, [script], { how: 'magnet' });
    mustBan(outcome, ...outcome.hostile);
  });
}

test('a block that is wrong in a piece of several senders names its sender by the block hashes', async (context) => {
  const prepared = await prepare(context, CONTENT);
  // It sends half of a piece, the first block wrong, and leaves; the honest peer sends the rest.
  let sent = 0;
  const script: Script = {
    block: (span, { socket }) => {
      sent += 1;
      if (sent <= 2) return sent === 1 ? garbage(span.length) : prepared.bytesAt(span);
      socket.end();
      return undefined;
    },
  };
  const { progress, troubles } = await downloadAmong(context, prepared, [script]);
  assert.equal(progress.bannedPeers, 1);
  assert.ok(progress.downloadedBytes <= CONTENT.length + 16_384, 'only the wrong block came twice');
  assert.match(troubles[0]?.message ?? '', /^127\.0\.10\.1:\d+ sent a wrong block of piece \d+$/);
});

test('where nobody gives block hashes the piece is fetched again from one peer, and the liar is known', async (context) => {
  const prepared = await prepare(context, CONTENT);
  let sent = 0;
  const liar: Script = {
    block: (span, { socket }) => {
      sent += 1;
      if (sent <= 2) return sent === 1 ? garbage(span.length) : prepared.bytesAt(span);
      socket.end();
      return undefined;
    },
  };
  // Honest, and rejects every hash request; it starts to give blocks only when the liar has given his.
  const waiting: (() => void)[] = [];
  const honest: Script = {
    block: (span, line) => {
      if (sent > 2) {
        for (const each of waiting.splice(0)) each();
        return prepared.bytesAt(span);
      }
      waiting.push(() => line.socket.write(pieceMessage(span, prepared.bytesAt(span))));
      return undefined;
    },
  };
  const { progress, hostile } = await downloadAmong(context, prepared, [liar, honest], {
    hasHonest: false,
  });
  assert.equal(progress.bannedPeers, 1);
  assert.ok((hostile[1]?.lines[0]?.seen.get('hash-request') ?? 0) > 0);
});

test('ten hostile peers at once leave the download to the honest one', async (context) => {
  const prepared = await prepare(context, CONTENT);
  const scripts = SCRIPTS.map(([, script]) => script).slice(0, 10);
  await downloadAmong(context, prepared, scripts, { honestAfterMs: 200 });
});

test('with nobody honest nothing is left behind', async (context) => {
  const prepared = await prepare(context, CONTENT);
  const { metainfo, bytesAt, out } = prepared;
  const peer = await startScripted(context, '127.0.10.1', metainfo, bytesAt, { block: wrongBlock });
  const leecher = new Engine();
  context.after(() => leecher.close());
  const leaving = new AbortController();
  leecher.on('peer', ({ reason }) => {
    if (reason?.code === 'peer-lied') leaving.abort();
  });
  await assert.rejects(leecher.download(metainfo, { folder: out, peers: [peer], signal: leaving.signal }), {
    name: 'AbortError',
  });
  assert.deepEqual(await readdir(out), []);
});

function sends(message: Parameters<Line['send']>[0]): (line: Line) => void {
  return (line) => line.send(message);
}

function refuses(span: BlockSpan, line: Line): undefined {
  line.send({ ...span, type: 'reject' });
}

function floodsHashes(line: Line): void {
  line.send({ type: 'have-all' });
  const range = { piecesRoot: garbage(32), baseLayer: 0, index: 0, length: 512, proofLayers: 0 };
  for (let count = 0; count < 500; count += 1)
    line.send({ type: 'hashes', ...range, hashes: garbage(512 * 32) });
}

function pieceMessage(span: BlockSpan, data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(9 + data.length, 0);
  head[4] = 7;
  head.writeUInt32BE(span.pieceIndex, 5);
  head.writeUInt32BE(span.begin, 9);
  return concatBytes(head, data);
}
