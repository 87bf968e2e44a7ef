import { equalBytes, toHex } from '../bytes/index.ts';
import { GrowingTree, type LogTreeHasher } from '../merkle/index.ts';
import { LogError } from './errors.ts';
import { decodeLeaf, type Leaf } from './leaf.ts';

/** An entry with its place, as read from a log. */
export interface ReplayedEntry extends Leaf {
  readonly index: number;
  /** RFC 6962 leaf hash, 32 bytes. */
  readonly leafHash: Uint8Array;
}

/**
 * Reads a whole log from its first entry on and computes its tree, so that a checkpoint can be checked without
 * believing anybody. What it has read is proved only up to the last {@link check} that passed.
 *
 * @example
 * const replay = new LogReplay(hasher);
 * for (const leaf of parseEntryBundle(bundle, width)) seen.push(replay.add(leaf));
 * replay.check(parseCheckpoint(note.text)); // throws unless these are the log's entries
 */
export class LogReplay {
  readonly #hasher: LogTreeHasher;
  readonly #tree: GrowingTree;
  #timeMs = 0;

  constructor(hasher: LogTreeHasher) {
    this.#hasher = hasher;
    this.#tree = new GrowingTree(hasher);
  }

  /** Entries read so far: the index of the next. */
  get size(): number {
    return this.#tree.size;
  }

  /** Takes the next entry's bytes. Throws `bad-leaf`, and `time-decreases` when it is older than the one before. */
  add(bytes: Uint8Array): ReplayedEntry {
    const leaf = decodeLeaf(bytes);
    const index = this.#tree.size;
    if (leaf.timeMs < this.#timeMs) {
      throw new LogError(
        'time-decreases',
        `entry ${index} was received at ${leaf.timeMs}, before the one in front of it (${this.#timeMs})`,
      );
    }
    const leafHash = this.#hasher.leaf(bytes);
    this.#tree.append(leafHash);
    this.#timeMs = leaf.timeMs;
    return { ...leaf, index, leafHash };
  }

  /** Compares with a checkpoint of the same size. Throws `root-mismatch`. */
  check(checkpoint: { readonly size: number; readonly root: Uint8Array }): void {
    if (checkpoint.size !== this.#tree.size) {
      throw new LogError(
        'root-mismatch',
        `the checkpoint is of ${checkpoint.size} entries, ${this.#tree.size} were read`,
      );
    }
    const root = this.#tree.root();
    if (!equalBytes(root, checkpoint.root)) {
      throw new LogError(
        'root-mismatch',
        `${checkpoint.size} entries have root ${toHex(root)}, the checkpoint says ${toHex(checkpoint.root)}`,
      );
    }
  }
}
