// Upload slots that pass from peer to peer, and pipelines that keep to what the other side takes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/swarm/index.ts';
import { type BlockSpan, encodeExtensionHandshake, MessageDecoder } from '../../src/wire/index.ts';
import { makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { dial, handshakeOf, type Line, startScripted } from './scripted-peer.ts';

const KIB = 1024;
type Options = ConstructorParameters<typeof Engine>[0];

async function seeding(context: TestContext, options: Options, sizeBytes: number) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(sizeBytes, 6) }, 'v2');
  const engine = new Engine(options);
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(made.metainfo, made.path, { isVerified: true });
  return { ...made, folder, engine, address };
}

test('more peers than slots are served in turns, and none waits for another one’s end', async (context) => {
  const rate = 400 * KIB;
  const made = await seeding(
    context,
    { uploadSlots: 1, uploadTurnMs: 500, uploadBytesPerSecond: rate },
    rate * 2,
  );
  const shares = new Map<number, number>();
  const ends = await Promise.all(
    [1, 2, 3].map(async (at) => {
      const leecher = new Engine();
      context.after(() => leecher.close());
      await leecher.download(made.metainfo, {
        folder: join(made.folder, `out-${at}`),
        peers: [made.address],
        signal: AbortSignal.timeout(25_000),
        onProgress: ({ haveBytes }) => shares.set(at, haveBytes),
      });
      return Array.from(shares.values());
    }),
  );
  const whenFirstEnded = ends.find((all) => all.length === 3 && all.some((have) => have < rate * 2));
  const least = Math.min(...(whenFirstEnded ?? [0]));
  assert.ok(least > rate * 2 * 0.25, `when the first one was done, another one had ${least} bytes`);
});

/** A leecher by hand that is interested, and notes when it is served. */
async function waiting(
  context: TestContext,
  host: string,
  target: { host: string; port: number },
  handshake: Uint8Array,
) {
  const line = await dial(context, host, target);
  const turns: string[] = [];
  let head = 68;
  const decoder = new MessageDecoder({
    message: ({ type }) => {
      if (type === 'choke' || type === 'unchoke') turns.push(type);
    },
    beginBlock: () => undefined,
    endBlock: () => undefined,
  });
  line.socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(head, chunk.length);
    head -= skipped;
    decoder.push(chunk.subarray(skipped));
  });
  line.socket.write(handshake);
  line.send({ type: 'interested' });
  return { line, turns };
}

test('who turns uninterested and back again, or asks for nothing, gets no more turns than others', async (context) => {
  const made = await seeding(context, { uploadSlots: 1, uploadTurnMs: 100 }, 100_000);
  const peers: { readonly line: Line; readonly turns: string[] }[] = [];
  for (let at = 1; at <= 3; at += 1) {
    peers.push(await waiting(context, `127.0.61.${at}`, made.address, handshakeOf(made.metainfo, at)));
  }
  const pushy = peers[2]?.line;
  const turnsOf = (at: number): number => peers[at]?.turns.filter((turn) => turn === 'unchoke').length ?? 0;
  // Turns pass once a second: six of them take six seconds, and longer on a busy machine.
  for (let round = 0; round < 200 && (turnsOf(0) < 2 || turnsOf(1) < 2); round += 1) {
    pushy?.send({ type: 'not-interested' });
    pushy?.send({ type: 'interested' });
    await sleep(100);
  }
  const [first, second, third] = [turnsOf(0), turnsOf(1), turnsOf(2)];
  assert.ok(first >= 2 && second >= 2, `turns: ${first}, ${second}, ${third}`);
  assert.ok(third <= Math.max(first, second) + 1, `turns: ${first}, ${second}, ${third}`);
});

test('fewer slots under a low upload limit: each of them gets something', async (context) => {
  const made = await seeding(context, { uploadBytesPerSecond: 20 * KIB }, 100_000);
  const peers: Awaited<ReturnType<typeof waiting>>[] = [];
  for (let at = 1; at <= 4; at += 1) {
    peers.push(await waiting(context, `127.0.62.${at}`, made.address, handshakeOf(made.metainfo, at)));
  }
  const served = (): number => peers.filter(({ turns }) => turns.at(-1) === 'unchoke').length;
  const until = async (slots: number): Promise<void> => {
    for (const endMs = performance.now() + 10_000; served() !== slots; await sleep(20)) {
      assert.ok(performance.now() < endMs, `${served()} are served, not ${slots}`);
    }
  };
  await until(2);
  await sleep(1300); // a turn later they are no more than that
  assert.ok(served() <= 2, `${served()} are served`);
  made.engine.setLimits({ uploadBytesPerSecond: 0 });
  await until(4);
  made.engine.setLimits({ uploadBytesPerSecond: 1 });
  await until(1);
});

/** A scripted seeder that counts how many requests it owes, and answers them one after the other. */
async function counting(
  context: TestContext,
  options: {
    readonly requestQueue: number | undefined;
    readonly delayMs: number;
    readonly sizeBytes: number;
  },
) {
  const folder = await temporaryFolder(context);
  const content = patternBytes(options.sizeBytes, 8);
  const made = await makeTorrent(folder, 'content', { '': content }, 'v2');
  const { pieceLength } = made.metainfo;
  const count = { owed: 0, most: 0, recent: 0 };
  const queue: { span: BlockSpan; line: Line }[] = [];
  const peer = await startScripted(context, '127.0.63.1', made.metainfo, () => new Uint8Array(0), {
    greet: (line) => {
      const payload = encodeExtensionHandshake({
        extensions: new Map(),
        ...(options.requestQueue === undefined ? {} : { requestQueue: options.requestQueue }),
      });
      line.send({ type: 'extended', extensionId: 0, payload });
      line.send({ type: 'have-all' });
    },
    block: (span, line) => {
      queue.push({ span, line });
      count.owed += 1;
      count.most = Math.max(count.most, count.owed);
      count.recent = Math.max(count.recent, count.owed);
      return undefined;
    },
  });
  const timer = setInterval(() => {
    const next = queue.shift();
    if (!next) return;
    count.owed -= 1;
    const { pieceIndex, begin, length } = next.span;
    const head = Buffer.alloc(13);
    head.writeUInt32BE(9 + length);
    head[4] = 7;
    head.writeUInt32BE(pieceIndex, 5);
    head.writeUInt32BE(begin, 9);
    const block = content.subarray(pieceIndex * pieceLength + begin).subarray(0, length);
    next.line.socket.write(Buffer.concat([head, block]));
  }, options.delayMs);
  context.after(() => clearInterval(timer));
  const engine = new Engine();
  const end = (): Promise<void> => engine.close();
  context.after(end);
  const done = engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    peers: [peer],
    signal: AbortSignal.timeout(20_000),
  });
  done.catch(() => undefined); // whoever waits hears of it
  return { count, done, end };
}

for (const [requestQueue, most] of [
  [5, 5],
  [1, 1],
  [0, 1],
  [undefined, 250],
] as const) {
  test(`a peer whose reqq is ${requestQueue} never owes more than ${most} blocks`, async (context) => {
    const { count, done } = await counting(context, { requestQueue, delayMs: 2, sizeBytes: 5_000_000 });
    await done;
    assert.ok(count.most <= most, `it owed ${count.most}`);
    assert.ok(count.most >= Math.min(most, 64), `it owed no more than ${count.most}`);
  });
}

test('a slow peer’s pipeline shrinks to what it sends in a few seconds', async (context) => {
  const { count, done, end } = await counting(context, {
    requestQueue: 500,
    delayMs: 100,
    sizeBytes: 2_000_000,
  });
  await sleep(4500); // it was asked for 64 at first, of which 10 a second came
  count.recent = 0;
  await sleep(2500);
  assert.ok(count.recent <= 44, `it owes ${count.recent}, and sends ten a second`);
  assert.ok(count.recent >= 16);
  await end();
  await assert.rejects(done, { code: 'closed' });
});
