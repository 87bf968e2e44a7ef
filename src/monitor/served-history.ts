import { concatBytes } from '../bytes/index.ts';
import { ClientError, type TallyClient } from '../client/index.ts';
import { LogError, nodeHasher, parseEntryBundle } from '../log/index.ts';
import { GrowingTree, TILE_WIDTH, tileWidthAt } from '../merkle/index.ts';

/** A history as a log serves it at one moment, as far as it serves it; hashes of 32 bytes. */
interface ServedHistory {
  readonly root: Uint8Array;
  /** Of its first `before` entries. */
  readonly rootBefore: Uint8Array | undefined;
  /** Leaf hashes, a bundle's to a piece. */
  readonly hashes: readonly Uint8Array[];
}

/** Reads the whole log once more, from the log itself. */
export async function servedHistory(
  client: TallyClient,
  { size, before, signal }: { readonly size: number; readonly before?: number; readonly signal: AbortSignal },
): Promise<ServedHistory> {
  const tree = new GrowingTree(nodeHasher);
  const hashes: Uint8Array[] = [];
  let rootBefore: Uint8Array | undefined;
  for (let at = 0; at * TILE_WIDTH < size; at += 1) {
    const some = (await servedEntries(client, at, size, signal)).map((bytes) => nodeHasher.leaf(bytes));
    for (const hash of some) {
      tree.append(hash);
      if (tree.size === before) rootBefore = tree.root();
    }
    if (some.length === 0) break;
    hashes.push(concatBytes(...some));
  }
  return { root: tree.root(), rootBefore, hashes };
}

/** The entries of a bundle as the log serves it now; none where it gives none that have their form, or not in time. */
async function servedEntries(
  client: TallyClient,
  index: number,
  size: number,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const width = tileWidthAt('entries', index, size);
  try {
    return entriesOf(await client.entryBundle(index, size, { signal }), width);
  } catch (error) {
    if (error instanceof ClientError || signal.aborted) return [];
    throw error;
  }
}

/** The entries of a bundle; of one that has not its form, none: then the tree does not fit. */
export function entriesOf(bundle: Uint8Array, width: number): readonly Uint8Array[] {
  try {
    return parseEntryBundle(bundle, width);
  } catch (error) {
    if (error instanceof LogError) return [];
    throw error;
  }
}
