// Requests and their answers with the fast extension (BEP 6): each request gets its block or a reject, exactly once.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/swarm/index.ts';
import { type BlockSpan, HANDSHAKE_BYTES, MessageDecoder } from '../../src/wire/index.ts';
import { makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf, type Line, startScripted } from './scripted-peer.ts';

const BLOCK_BYTES = 16_384;
const CONTENT = patternBytes(1_000_000, 29);

/** What a seeder sends, in order: `choke`, `unchoke`, and `reject N` or `piece N` for block N. */
function listen(line: Line) {
  const heard: string[] = [];
  const decoder = new MessageDecoder({
    message: (message) => {
      if (message.type === 'choke' || message.type === 'unchoke') heard.push(message.type);
      if (message.type === 'reject') heard.push(`reject ${message.pieceIndex}`);
    },
    beginBlock: () => undefined,
    endBlock: ({ pieceIndex }) => {
      heard.push(`piece ${pieceIndex}`);
    },
  });
  let head = HANDSHAKE_BYTES;
  line.socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(head, chunk.length);
    head -= skipped;
    decoder.push(chunk.subarray(skipped));
  });
  const until = async (what: string): Promise<void> => {
    for (let round = 0; round < 300 && !heard.includes(what); round += 1) await sleep(10);
    assert.ok(heard.includes(what), `${what} did not come, only ${heard.join(', ')}`);
  };
  return { heard, until };
}

/** A seeder with pieces of one block that sends next to nothing, and a connection to it. */
async function meet(context: TestContext, isFast: boolean) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': CONTENT }, 'v2');
  assert.equal(made.metainfo.pieceLength, BLOCK_BYTES);
  const engine = new Engine({ uploadBytesPerSecond: 1 });
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(made.torrent, made.path);
  const line = await dial(context, '127.0.68.1', address);
  const hello = handshakeOf(made.metainfo, 5);
  if (!isFast) hello[27] = 0x10;
  const ears = listen(line);
  line.socket.write(hello);
  const ask = (type: 'request' | 'cancel', pieceIndex: number): void =>
    line.send({ type, pieceIndex, begin: 0, length: BLOCK_BYTES });
  return { line, ask, ...ears };
}

/** How often each answer came. */
function answers(heard: readonly string[]): string[] {
  return heard.filter((what) => /^(reject|piece)/.test(what)).sort();
}

test('what is asked for while choked, cancelled, or choked away, is rejected once, and nothing of it is sent', async (context) => {
  const { line, ask, heard, until } = await meet(context, true);
  ask('request', 1);
  await until('reject 1');
  line.send({ type: 'interested' });
  await until('unchoke');
  for (const piece of [2, 3, 4, 5, 6]) ask('request', piece);
  ask('cancel', 5);
  await until('reject 5');
  line.send({ type: 'not-interested' });
  await until('choke');
  await until('reject 6');
  const given = answers(heard).map((what) => what.split(' ')[1]);
  assert.deepEqual(new Set(given).size, given.length, heard.join(', '));
  assert.ok(
    ['reject 3', 'reject 4'].every((what) => heard.includes(what)),
    heard.join(', '),
  );
  assert.ok(heard.indexOf('choke') < heard.indexOf('reject 3'), 'the choke comes before its rejects');
});

test('a peer without the fast extension is sent no reject', async (context) => {
  const { line, ask, heard, until } = await meet(context, false);
  ask('request', 1);
  line.send({ type: 'interested' });
  await until('unchoke');
  for (const piece of [2, 3, 4]) ask('request', piece);
  ask('cancel', 4);
  line.send({ type: 'not-interested' });
  await until('choke');
  line.send({ type: 'interested' });
  await sleep(100);
  assert.ok(!heard.some((what) => what.startsWith('reject')), heard.join(', '));
});

test('what a peer rejects while it chokes is asked of it again once it unchokes', async (context) => {
  const folder = await temporaryFolder(context);
  const { metainfo } = await makeTorrent(folder, 'content', { '': CONTENT }, 'v2');
  const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
    CONTENT.subarray(pieceIndex * BLOCK_BYTES + begin).subarray(0, length);
  const rejected: BlockSpan[] = [];
  let sent = 0;
  const seeder = await startScripted(context, '127.0.68.2', metainfo, bytesAt, {
    block: (span, line) => {
      sent += 1;
      if (sent <= 5 || rejected.length >= 20) return bytesAt(span);
      if (rejected.length === 0) line.send({ type: 'choke' });
      rejected.push({ ...span });
      line.send({ ...span, type: 'reject' });
      if (rejected.length === 20) line.send({ type: 'unchoke' });
      return undefined;
    },
  });
  const engine = new Engine();
  context.after(() => engine.close());
  const { path } = await engine.download(metainfo, {
    folder: join(folder, 'out'),
    peers: [seeder],
    signal: AbortSignal.timeout(10_000),
  });
  assert.ok(CONTENT.equals(await readFile(path)));
  assert.equal(rejected.length, 20);
});
