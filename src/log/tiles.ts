import { HASH_BYTES, TILE_WIDTH, tileWidthAt } from '../merkle/index.ts';
import type { Store, StoredEntry } from '../store/index.ts';
import { formatEntryBundle } from './bundle.ts';
import { LogError } from './errors.ts';
import { encodeLeaf } from './leaf.ts';

/**
 * A tile of the tree of the first `size` entries: `width` hashes of 32 bytes (C2SP tlog-tiles). Undefined when
 * that tree has no such tile; a narrower one than it has is answered, since a checkpoint may have had it.
 */
export async function readTile(
  store: Store,
  size: number,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array | undefined> {
  if (!isThere(level, index, width, size)) return undefined;
  const first = index * TILE_WIDTH;
  const tile = await store.readHashes(level, first, first + width);
  if (tile.length !== width * HASH_BYTES) {
    throw new LogError('broken-tree', `tile ${level}/${index} of the stored log lacks hashes`);
  }
  return tile;
}

/** An entry bundle of the first `size` entries, likewise. */
export async function readBundle(
  store: Store,
  size: number,
  index: number,
  width: number,
): Promise<Uint8Array | undefined> {
  if (!isThere('entries', index, width, size)) return undefined;
  const first = index * TILE_WIDTH;
  const entries: Uint8Array[] = [];
  for await (const entry of readRange(store, first, first + width)) entries.push(encodeLeaf(entry));
  return formatEntryBundle(entries);
}

/** The entries of a range that is known to be stored, read a bounded part at a time. */
export async function* readRange(
  store: Store,
  from: number,
  to: number,
  signal?: AbortSignal,
): AsyncGenerator<StoredEntry, void, undefined> {
  let at = from;
  while (at < to) {
    signal?.throwIfAborted();
    const entries = await store.readEntries(at, to);
    if (entries[0]?.index !== at)
      throw new LogError('broken-tree', `entry ${at} of the stored log is missing`);
    yield* entries;
    at += entries.length;
  }
}

function isThere(level: number | 'entries', index: number, width: number, size: number): boolean {
  return width >= 1 && width <= tileWidthAt(level, index, size);
}
