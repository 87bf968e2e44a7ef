// Blocks of large pieces are checked as they come, by the block hashes that peers give (BEP 52, base layer 0).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { type Encodable, encode } from '../../src/bencode/index.ts';
import { concatBytes } from '../../src/bytes/index.ts';
import { BLOCK_BYTES, createBlockTreeHasher, layersUp } from '../../src/merkle/index.ts';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { parseTorrent } from '../../src/torrent/index.ts';
import {
  type BlockSpan,
  type HashRange,
  PIECE_HEADER_BYTES,
  writePieceHeader,
} from '../../src/wire/index.ts';
import { patternBytes, temporaryFolder } from './content.ts';
import { type Line, type Script, startScripted } from './scripted-peer.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
const CONTENT = patternBytes(2 * PIECE_BYTES, 41);
const LIMIT_MS = 15_000;

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const LEAVES = concatBytes(
  ...Array.from({ length: CONTENT.length / BLOCK_BYTES }, (_, index) =>
    sha256(CONTENT.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)),
  ),
);

/** A torrent of two pieces of four megabytes. */
function makeTorrent() {
  const layers = layersUp(LEAVES, 0, 9, createBlockTreeHasher(sha256));
  const root = layers[9] as Uint8Array;
  const file = new Map<string, Encodable>([
    ['length', CONTENT.length],
    ['pieces root', root],
  ]);
  const info = new Map<string, Encodable>([
    ['file tree', new Map([['content', new Map([['', file]])]])],
    ['meta version', 2],
    ['name', 'content'],
    ['piece length', PIECE_BYTES],
  ]);
  const pieceLayers = new Map([[root, layers[8] as Uint8Array]]);
  return parseTorrent(
    encode(
      new Map<string, Encodable>([
        ['info', info],
        ['piece layers', pieceLayers],
      ]),
    ),
  );
}

const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array =>
  CONTENT.subarray(pieceIndex * PIECE_BYTES + begin, pieceIndex * PIECE_BYTES + begin + length);

const leavesAt = ({ baseLayer, index, length }: HashRange): Uint8Array | undefined =>
  baseLayer === 0 ? LEAVES.subarray(index * 32, (index + length) * 32) : undefined;

async function downloadFrom(context: TestContext, scripts: readonly Script[]) {
  const metainfo = makeTorrent();
  const peers = await Promise.all(
    scripts.map((script, at) => startScripted(context, `127.0.${at + 40}.1`, metainfo, bytesAt, script)),
  );
  const engine = new Engine();
  context.after(() => engine.close());
  const troubles: SwarmError[] = [];
  const { path, progress } = await engine.download(metainfo, {
    folder: await temporaryFolder(context),
    peers,
    signal: AbortSignal.timeout(LIMIT_MS),
    onTrouble: (error) => troubles.push(error),
  });
  assert.ok(CONTENT.equals(await readFile(path)));
  const seen = (type: string) => peers.map(({ lines }) => sum(lines, type));
  return { troubles, progress, seen };
}

function sum(lines: readonly Line[], type: string): number {
  return lines.reduce((count, line) => count + (line.seen.get(type) ?? 0), 0);
}

/** An honest peer that gives block hashes at once, and blocks from when `gate` is through. */
function honestAfter(gate: Promise<void>): Script {
  return {
    hashes: leavesAt,
    block: (span, { socket }) => {
      void gate.then(() => {
        const head = new Uint8Array(PIECE_HEADER_BYTES);
        writePieceHeader(head, 0, span);
        socket.write(concatBytes(head, bytesAt(span)));
      });
      return undefined;
    },
  };
}

/** Tells when a peer's connection ends. */
function announces(ended: () => void): NonNullable<Script['greet']> {
  return (line) => {
    line.socket.on('close', ended);
    line.send({ type: 'have-all' });
  };
}

test('a wrong block of a 4 MiB piece bans its sender long before the piece is whole, and is fetched again alone', async (context) => {
  const banned = Promise.withResolvers<void>();
  let sent = 0;
  const liar: Script = {
    greet: announces(banned.resolve),
    // Right blocks, a wrong one, and then no more: its pieces never become whole.
    block: (span) => {
      sent += 1;
      if (sent > 60) return undefined;
      return sent === 20 ? patternBytes(span.length, 9) : bytesAt(span);
    },
  };
  const { troubles, progress } = await downloadFrom(context, [liar, honestAfter(banned.promise)]);
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ['peer-lied'],
  );
  assert.match(troubles[0]?.message ?? '', /127\.0\.40\.1.* sent a wrong block/);
  assert.equal(progress.bannedPeers, 1);
  assert.ok(progress.wastedBytes < 64 * BLOCK_BYTES, `${progress.wastedBytes} bytes wasted`);
});

test('where all refuse block hashes, whole pieces are checked, and few requests are made', async (context) => {
  const { troubles, seen } = await downloadFrom(context, [{}]);
  assert.deepEqual(troubles, []);
  assert.ok((seen('hash-request')[0] ?? 0) <= 2);
});

test('a peer that leaves requests for block hashes unanswered holds nothing up', async (context) => {
  const started = performance.now();
  const { troubles } = await downloadFrom(context, [{ silentHashes: true }]);
  assert.deepEqual(troubles, []);
  assert.ok(performance.now() - started < 10_000);
});

test('a peer that gives wrong block hashes is banned, the others keep serving', async (context) => {
  const banned = Promise.withResolvers<void>();
  const liar: Script = {
    greet: announces(banned.resolve),
    hashes: ({ length }) => patternBytes(length * 32, 5),
  };
  const { troubles, progress } = await downloadFrom(context, [liar, honestAfter(banned.promise)]);
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ['peer-lied'],
  );
  assert.equal(progress.bannedPeers, 1);
});
