import { type GrowingTree, TILE_WIDTH } from '../merkle/index.ts';
import type { EntryBatch, EntryPlace, NewEntry, StatementKey, TileHash } from '../store/index.ts';
import { hashLeaf } from './leaf.ts';
import type { Receipt } from './waiting-line.ts';

const TILE_HEIGHT = Math.log2(TILE_WIDTH);

/** Some appends in their order in the log, not yet stored. */
export interface Sequenced {
  readonly batch: EntryBatch;
  /** One for each append, in their order. */
  readonly receipts: readonly Receipt[];
  /** The tree with them. */
  readonly tree: GrowingTree;
}

/**
 * Gives appends their indices and computes the tree with them; pure.
 *
 * @param found where each append's statement stands already, if it does
 * @param timeMs receipt time of all of them
 */
export function sequence(
  appends: readonly (StatementKey & { readonly envelope: Uint8Array })[],
  found: readonly (EntryPlace | undefined)[],
  before: GrowingTree,
  timeMs: number,
): Sequenced {
  const tree = before.copy();
  const entries: NewEntry[] = [];
  const tileHashes: TileHash[] = [];
  const places = new Map<string, EntryPlace>();
  const receipts = appends.map(({ signerKey, payloadDigest, envelope }, at): Receipt => {
    const name = `${signerKey} ${payloadDigest}`;
    const known = found[at] ?? places.get(name);
    if (known !== undefined) return { ...known, duplicate: true };
    const leafHash = hashLeaf({ timeMs, envelope });
    const place: EntryPlace = { index: tree.size, timeMs, leafHash };
    tree.append(leafHash, (level, index, hash) => {
      if (level > 0 && level % TILE_HEIGHT === 0)
        tileHashes.push({ level: level / TILE_HEIGHT, index, hash });
    });
    entries.push({ signerKey, payloadDigest, envelope, timeMs, leafHash });
    places.set(name, place);
    return { ...place, duplicate: false };
  });
  return { batch: { firstIndex: before.size, entries, tileHashes }, receipts, tree };
}
