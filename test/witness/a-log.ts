import { toUtf8 } from '../../src/bytes/index.ts';
import { proveConsistency } from '../../src/merkle/index.ts';
import { formatCheckpoint, signNote } from '../../src/note/index.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { hasher, TreeInMemory } from '../merkle/rfc6962-naive.ts';

/** A head as a log signs it. */
export interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: Uint8Array;
  /** Time of its newest entry. */
  readonly timeMs: number;
}

/** A log without entries worth reading: it signs what it is asked to, honest or not. */
export class ALog {
  readonly key: PrivateKey;
  readonly #tree = new TreeInMemory();
  readonly #heads = new Map<number, Head>();

  constructor(key: PrivateKey = generateKey('example.com/log')) {
    this.key = key;
    this.#keep();
  }

  /** Grows to `size` entries, whose content begins with `flavour`; the head of that size. */
  grow(size: number, flavour = 'entry'): Head {
    for (let at = this.#tree.tree.size; at < size; at += 1) {
      this.#tree.append(toUtf8(`${flavour} ${at}`));
      this.#keep();
    }
    return this.head(size);
  }

  head(size: number): Head {
    const head = this.#heads.get(size);
    if (head === undefined) throw new Error(`this log never had ${size} entries`);
    return head;
  }

  proof(from: number, to: number): Promise<Uint8Array[]> {
    return proveConsistency(from, to, this.#tree.readNodes, hasher);
  }

  /** A head that this log signs although it is not its own. */
  lie(size: number, root: Uint8Array): Head {
    const text = formatCheckpoint({ origin: this.key.name, size, root, extensions: [] });
    return { size, root, note: signNote(text, [this.key]), timeMs: Date.now() };
  }

  #keep(): void {
    const { size } = this.#tree.tree;
    this.#heads.set(size, this.lie(size, this.#tree.tree.root()));
  }
}
