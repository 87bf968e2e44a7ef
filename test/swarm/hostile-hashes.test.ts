// Lies about hashes in a torrent whose piece layer comes in parts with proofs: each names its sender.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encode } from '../../src/bencode/index.ts';
import { layerRoot } from '../../src/merkle/index.ts';
import { blockTree } from '../../src/sha256/index.ts';
import { parseTorrent } from '../../src/torrent/index.ts';
import type { HashRange } from '../../src/wire/index.ts';
import { layerOf } from '../torrent/reference.ts';
import { patternBytes, temporaryFolder } from './content.ts';
import { downloadAmong, mustBan, prepareMade, type Scene } from './hostile-scene.ts';
import type { Script } from './scripted-peer.ts';

const PIECE = 16_384;
/** 600 pieces of one block: a piece layer of two requests, each with one uncle. */
const CONTENT = patternBytes(600 * PIECE - 77, 80);
const HEIGHT = 10;
const LAYER = layerOf(CONTENT, PIECE);

async function scene(context: TestContext): Promise<Scene> {
  const folder = await temporaryFolder(context);
  const path = join(folder, 'content');
  const root = layerRoot(LAYER, 0, HEIGHT, blockTree);
  const torrent = encode({
    info: {
      'file tree': { content: { '': { length: CONTENT.length, 'pieces root': root } } },
      'meta version': 2,
      name: 'content',
      'piece length': PIECE,
    },
    'piece layers': new Map([[root, LAYER]]),
  });
  await mkdir(folder, { recursive: true });
  await writeFile(path, CONTENT);
  return prepareMade(context, folder, { path, torrent, metainfo: parseTorrent(torrent) }, CONTENT);
}

/** The right answer: the hashes of the half that is asked for, and the other half's root. */
function right({ index, length }: HashRange): Buffer {
  const padded = Buffer.concat([LAYER, Buffer.alloc((2 ** HEIGHT - LAYER.length / 32) * 32)]);
  const half = (at: number): Buffer => padded.subarray(at * 512 * 32, (at + 1) * 512 * 32);
  assert.equal(length, 512);
  const at = index / 512;
  return Buffer.concat([half(at), layerRoot(half(1 - at), 0, HEIGHT - 1, blockTree)]);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}

const LIES: readonly (readonly [name: string, hashes: Script['hashes']])[] = [
  ['right hashes with a wrong uncle', (range) => flipped(right(range), 512 * 32 + 5)],
  ['one wrong hash with the right uncle', (range) => flipped(right(range), 7 * 32)],
  ['the hashes of the other half', (range) => right({ ...range, index: 512 - range.index })],
  ['no uncle', (range) => right(range).subarray(0, 512 * 32)],
  ['an uncle too many', (range) => Buffer.concat([right(range), Buffer.alloc(32)])],
  ['nothing', () => Buffer.alloc(0)],
  ['more hashes than any message should hold', () => Buffer.alloc(8192 * 32)],
];

for (const [name, hashes] of LIES) {
  test(`a peer that answers a hash request with ${name} is banned, and others give them`, async (context) => {
    const made = await scene(context);
    const script: Script = hashes ? { hashes } : {};
    const outcome = await downloadAmong(context, made, [script], { how: 'magnet' });
    mustBan(outcome, ...outcome.hostile);
  });
}

test('a peer that gives the right hashes and wrong blocks is banned for the blocks', async (context) => {
  const made = await scene(context);
  const script: Script = { hashes: right, block: ({ length }) => patternBytes(length, 4) };
  const outcome = await downloadAmong(context, made, [script], { how: 'magnet' });
  mustBan(outcome, ...outcome.hostile);
  assert.match(outcome.troubles[0]?.message ?? '', /sent a wrong block of piece/);
});

for (const [name, hashes] of [
  ['refuses every hash request', undefined],
  ['answers each hash request a hundred times', right],
] as const) {
  test(`a peer that ${name} is no liar, and holds nothing up`, async (context) => {
    const made = await scene(context);
    const script: Script = {
      hashes: (range, line) => {
        if (hashes === undefined) return undefined;
        for (let copy = 0; copy < 99; copy += 1) {
          line.send({ ...range, type: 'hashes', hashes: right(range) });
        }
        return right(range);
      },
    };
    const outcome = await downloadAmong(context, made, [script], { how: 'magnet' });
    mustBan(outcome);
  });
}

test('a peer that never answers a hash request holds nothing up', async (context) => {
  const made = await scene(context);
  const script: Script = { greet: (line) => line.send({ type: 'have-all' }), silentHashes: true };
  const began = performance.now();
  const outcome = await downloadAmong(context, made, [script], { how: 'magnet', honestAfterMs: 300 });
  mustBan(outcome);
  assert.ok(performance.now() - began < 8000, 'another peer was asked before the time of the first was over');
  assert.ok((outcome.hostile[0]?.lines[0]?.seen.get('hash-request') ?? 0) > 0);
});
