// Which block is asked of whom: seen from the other end, by scripted peers that note what they are asked for.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/swarm/index.ts';
import { type BlockSpan, encodeExtensionHandshake } from '../../src/wire/index.ts';
import { makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { type Line, type Script, startScripted } from './scripted-peer.ts';

const BLOCK_BYTES = 16_384;
/** Four blocks a piece. */
const CONTENT = patternBytes(11_000_000, 17);
const LIMIT_MS = 15_000;

interface Member {
  readonly host: string;
  readonly script: Script;
}

/** Downloads from scripted peers alone; resolves with the lines of each once all is here and right. */
async function downloadFrom(
  context: TestContext,
  members: (pieceCount: number) => readonly Member[],
): Promise<readonly (readonly Line[])[]> {
  const folder = await temporaryFolder(context);
  const { metainfo } = await makeTorrent(folder, 'content', { '': CONTENT }, 'v2');
  const { pieceLength } = metainfo;
  assert.equal(pieceLength, 4 * BLOCK_BYTES);
  const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
    CONTENT.subarray(pieceIndex * pieceLength + begin, pieceIndex * pieceLength + begin + length);
  const peers = await Promise.all(
    members(Math.ceil(CONTENT.length / pieceLength)).map(({ host, script }) =>
      startScripted(context, host, metainfo, bytesAt, script),
    ),
  );
  const engine = new Engine();
  context.after(() => engine.close());
  const { path } = await engine.download(metainfo, {
    folder: join(folder, 'out'),
    peers,
    keepSeeding: true,
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.ok(CONTENT.equals(await readFile(path)));
  return peers.map(({ lines }) => lines);
}

/** Says how many requests it keeps, and then what it has. */
function greetAs(requestQueue: number, claim: (line: Line) => void): NonNullable<Script['greet']> {
  return (line) => {
    const payload = encodeExtensionHandshake({ extensions: new Map(), requestQueue });
    line.send({ type: 'extended', extensionId: 0, payload });
    claim(line);
  };
}

const hasAll = (line: Line): void => line.send({ type: 'have-all' });

/** Notes what it is asked for, and sends it. */
function noting(asked: BlockSpan[]): NonNullable<Script['block']> {
  return (span) => {
    asked.push({ ...span });
    const { pieceIndex, begin, length } = span;
    return CONTENT.subarray(pieceIndex * 4 * BLOCK_BYTES + begin).subarray(0, length);
  };
}

function piecesOf(asked: readonly BlockSpan[]): number[] {
  return [...new Set(asked.map(({ pieceIndex }) => pieceIndex))];
}

test('the rarest pieces are asked for first', async (context) => {
  const rare = new Set([7, 31, 50, 77, 150]);
  const others = Promise.withResolvers<void>();
  const asked: BlockSpan[] = [];
  await downloadFrom(context, (pieceCount) => {
    const bits = new Uint8Array(Math.ceil(pieceCount / 8));
    for (let piece = 0; piece < pieceCount; piece += 1) {
      if (!rare.has(piece)) bits[piece >> 3] = (bits[piece >> 3] as number) | (0x80 >> (piece & 7));
    }
    return [
      // Has all but the rare ones, is asked first, and sends nothing.
      {
        host: '127.0.66.1',
        script: {
          greet: greetAs(4, (line) => line.send({ type: 'bitfield', bits })),
          block: () => {
            others.resolve();
            return undefined;
          },
        },
      },
      {
        host: '127.0.66.2',
        script: {
          greet: greetAs(4, (line) => void others.promise.then(() => hasAll(line))),
          block: noting(asked),
        },
      },
    ];
  });
  assert.deepEqual(new Set(piecesOf(asked).slice(0, rare.size)), rare);
});

test('a piece that was begun is asked for to its end, block after block, before the next one', async (context) => {
  const asked: BlockSpan[] = [];
  // Three at a time, of four a piece: each choice falls into the middle of one.
  const script: Script = { greet: greetAs(3, hasAll), block: noting(asked) };
  await downloadFrom(context, () => [{ host: '127.0.66.3', script }]);
  const inPieces = piecesOf(asked).flatMap((piece) => asked.filter(({ pieceIndex }) => pieceIndex === piece));
  assert.deepEqual(asked, inPieces);
  for (const [at, { pieceIndex, begin }] of asked.entries()) {
    const before = asked[at - 1];
    assert.equal(begin, before?.pieceIndex === pieceIndex ? before.begin + BLOCK_BYTES : 0);
  }
});

test('what a peer left unfinished is the first that another one is asked for', async (context) => {
  const left = Promise.withResolvers<void>();
  const begun: BlockSpan[] = [];
  const asked: BlockSpan[] = [];
  const note = noting(begun);
  await downloadFrom(context, () => [
    {
      host: '127.0.66.4',
      script: {
        greet: greetAs(3, hasAll),
        // Two blocks of its first piece, and it is gone.
        block: (span, line) => {
          if (begun.length < 2) return note(span, line);
          line.socket.end(() => left.resolve());
          return undefined;
        },
      },
    },
    {
      host: '127.0.66.5',
      script: {
        greet: greetAs(2, (line) => void left.promise.then(() => sleep(50)).then(() => hasAll(line))),
        block: noting(asked),
      },
    },
  ]);
  const pieceIndex = begun[0]?.pieceIndex;
  assert.deepEqual(
    asked.slice(0, 2).map((span) => [span.pieceIndex, span.begin]),
    [
      [pieceIndex, 2 * BLOCK_BYTES],
      [pieceIndex, 3 * BLOCK_BYTES],
    ],
  );
});

test('a reader withdraws what nobody reads: it is cancelled, rejected, and asked for again later', async (context) => {
  const folder = await temporaryFolder(context);
  const { metainfo } = await makeTorrent(folder, 'content', { '': CONTENT }, 'v2');
  const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
    CONTENT.subarray(pieceIndex * 65_536 + begin, pieceIndex * 65_536 + begin + length);
  const nameOf = ({ pieceIndex, begin }: BlockSpan): string => `${pieceIndex} ${begin}`;
  const [owed, cancelled, again] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const owing = Promise.withResolvers<void>();
  const peer = await startScripted(context, '127.0.66.8', metainfo, bytesAt, {
    greet: greetAs(10, hasAll),
    // The first ten it keeps back until they are cancelled.
    block: (span) => {
      const name = nameOf(span);
      if (cancelled.has(name)) again.add(name);
      if (owed.size === 10) return bytesAt(span);
      owed.add(name);
      if (owed.size === 10) owing.resolve();
      return undefined;
    },
    cancel: ({ pieceIndex, begin, length }, line) => {
      cancelled.add(nameOf({ pieceIndex, begin, length }));
      line.send({ type: 'reject', pieceIndex, begin, length });
    },
  });
  const engine = new Engine();
  context.after(() => engine.close());
  const download = await engine.start(metainfo, {
    folder: join(folder, 'out'),
    peers: [peer],
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  await owing.promise;
  // One piece that it was not asked for.
  const piece = Array.from({ length: 20 }, (_, at) => at).find(
    (at) => !Array.from(owed).some((name) => name.startsWith(`${at} `)),
  ) as number;
  const read: Uint8Array[] = [];
  for await (const chunk of download.read(0, piece * 65_536, (piece + 1) * 65_536)) read.push(chunk);
  assert.ok(Buffer.concat(read).equals(CONTENT.subarray(piece * 65_536, (piece + 1) * 65_536)));
  assert.deepEqual(cancelled, owed, 'it came although the peer had ten requests, as many as it takes');
  const { path, progress } = await download.done;
  assert.ok(CONTENT.equals(await readFile(path)));
  assert.deepEqual(again, owed);
  assert.equal(progress.wastedBytes, 0);
});

test('in the end blocks that a silent peer owes come from another one, and are cancelled at the first', async (context) => {
  const owing = Promise.withResolvers<void>();
  let owed = 0;
  const started = performance.now();
  const [silent] = await downloadFrom(context, () => [
    {
      host: '127.0.66.6',
      script: {
        greet: greetAs(10, hasAll),
        block: () => {
          owed += 1;
          if (owed === 10) owing.resolve();
          return undefined;
        },
      },
    },
    {
      host: '127.0.66.7',
      script: { greet: greetAs(50, (line) => void owing.promise.then(() => hasAll(line))) },
    },
  ]);
  // Long before the silent one would have been given up (20 s).
  assert.ok(performance.now() - started < 8000);
  const cancels = (): number => silent?.reduce((sum, { seen }) => sum + (seen.get('cancel') ?? 0), 0) ?? 0;
  for (let round = 0; round < 100 && cancels() < owed; round += 1) await sleep(10);
  assert.equal(cancels(), owed);
});
