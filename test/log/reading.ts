import assert from 'node:assert/strict';
import {
  type Log,
  LogReplay,
  nodeHasher,
  parseEntryBundle,
  type ReplayedEntry,
  type TreeHead,
} from '../../src/log/index.ts';
import { formatTilePath, HASH_BYTES, parseTilePath, TILE_WIDTH, type Tile } from '../../src/merkle/index.ts';
import { noteVerifier, openNote, parseCheckpoint } from '../../src/note/index.ts';
import { verifyEd25519 } from '../../src/statement/index.ts';

/** A published head, as anybody reads it from a checkpoint's bytes. */
export interface ReadHead extends TreeHead {
  /** How many lines of signatures it carries. */
  readonly signatures: number;
}

/** What a stranger takes from a checkpoint: signature, origin, size and root. */
export function readHead(note: Uint8Array, vkey: string): ReadHead {
  const { text, verified, unknown } = openNote(note, [noteVerifier(vkey, verifyEd25519)]);
  const { size, root } = parseCheckpoint(text);
  return { size, root, signatures: verified.length + unknown.length };
}

/**
 * Reads a log as a stranger does, through paths of C2SP tlog-tiles, and checks everything: each entry against
 * its hash in the tile, the tree against the checkpoint, and against every head published before.
 */
export async function auditLog(log: Log, earlier: readonly TreeHead[] = []): Promise<ReplayedEntry[]> {
  const head = readHead(log.checkpoint().note, log.vkey);
  const replay = new LogReplay(nodeHasher);
  const entries: ReplayedEntry[] = [];
  const expected = [...earlier, head].sort((left, right) => left.size - right.size);
  let next = 0;
  const checkHeads = (): void => {
    for (; expected[next]?.size === replay.size; next += 1) replay.check(expected[next] as TreeHead);
  };
  checkHeads();
  for (let index = 0; index * TILE_WIDTH < head.size; index += 1) {
    const width = Math.min(TILE_WIDTH, head.size - index * TILE_WIDTH);
    const bundle = await served(log, { level: 'entries', index, width });
    const hashes = await served(log, { level: 0, index, width });
    for (const [at, leaf] of parseEntryBundle(bundle, width).entries()) {
      const entry = replay.add(leaf);
      assert.deepEqual(
        Buffer.from(hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
        Buffer.from(entry.leafHash),
      );
      entries.push(entry);
      checkHeads();
    }
  }
  assert.equal(next, expected.length, 'every head was met, the newest last');
  return entries;
}

async function served(log: Log, tile: Tile): Promise<Uint8Array> {
  const { level, index, width } = parseTilePath(formatTilePath(tile));
  const bytes =
    level === 'entries' ? await log.entryBundle(index, width) : await log.tile(level, index, width);
  assert.ok(bytes, formatTilePath(tile));
  return bytes;
}
