import { equalBytes } from '../bytes/index.ts';
import { proveConsistency } from '../merkle/index.ts';
import type { Signer } from '../statement/index.ts';
import type { Store } from '../store/index.ts';
import { type Cosign, Cosigning, type HeadToCosign } from './cosigning.ts';
import { LogError } from './errors.ts';
import { nodeHasher } from './hasher.ts';
import { openHead, type SignedHead, signHead, type TimedHead } from './head.ts';
import type { HeadKeeper } from './head-file.ts';
import { PublishedHead } from './published-head.ts';
import { checkExtends, nodesOf } from './stored-tree.ts';

export interface PublisherParts {
  readonly store: Store;
  readonly signer: Signer;
  readonly keeper: HeadKeeper;
  readonly cosign: Cosign | undefined;
}

/**
 * Signs tree heads, each an extension of the one before, and lets none be seen before it is kept:
 *
 *     check     the tree in the store contains the last signed one (consistency proof)
 *     sign
 *     head file durable      from here on an older store refuses to run
 *     cosigned               by the witnesses, where there are any, beside further appends
 *     store     durable      from here on the store knows it as well
 *     published              only now does anybody else see it
 *
 * A crash between two of these leaves a head that was signed and not seen; at the next start it is found in the
 * head file and extended like any other.
 */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #published: PublishedHead;
  #cosigning: Cosigning | undefined;
  /** The last head that got a signature, seen or not. Whatever is signed next must extend it. */
  #signed: HeadToCosign;
  /** Size of the last head that is published, or that the witnesses are asked for. */
  #size: number;

  private constructor(parts: PublisherParts, signed: HeadToCosign, published: SignedHead) {
    this.#parts = parts;
    this.#signed = signed;
    this.#size = signed.size;
    this.#published = new PublishedHead(published);
  }

  /**
   * Finds the heads signed before, checks the store's tree against each, and signs it. A store without entries and
   * without a head is a new log: its first head is of the empty tree.
   *
   * @param others what others know to be signed by this log, as signed notes
   */
  static async open(
    parts: PublisherParts,
    tree: TimedHead,
    others: readonly Uint8Array[],
  ): Promise<Publisher> {
    const { store, signer, keeper, cosign } = parts;
    const kept = await keeper.read();
    const stored = await store.getCheckpoint();
    if (kept === undefined && others.length === 0 && (stored !== undefined || tree.size > 0)) {
      throw new LogError(
        'head-missing',
        `${keeper.name} is missing, and the log of ${signer.name} has ${tree.size} entries: put the newest checkpoint ` +
          'that anybody has of this log into that file; without it an old copy could fork the log',
      );
    }
    const known = others.map((note) => ({ note, place: 'a checkpoint that others have of this log' }));
    if (stored !== undefined) known.unshift({ note: stored.note, place: "the store's checkpoint" });
    if (kept !== undefined) known.unshift({ note: kept, place: keeper.name });
    for (const { note, place } of known)
      await checkExtends(store, tree, openHead(note, signer, place), place);
    // Signed anew in any case: the bytes are the same, without the lines that whoever showed a head has added to it.
    const signed = { ...signHead(tree, signer), timeMs: tree.timeMs };
    await keeper.write(signed.note);
    if (cosign === undefined || stored === undefined) {
      await store.putCheckpoint(signed);
      return new Publisher(parts, signed, signed);
    }
    return new Publisher(parts, signed, openHead(stored.note, signer, "the store's checkpoint"));
  }

  /** The last head that may be seen. */
  get published(): SignedHead {
    return this.#published.head;
  }

  /** How far the publisher has come: a larger tree is to be given to {@link publish}. */
  get size(): number {
    return this.#size;
  }

  /**
   * Begins to ask the witnesses, where there are any. `failed` is told of each attempt that was in vain, and gives
   * whether to try again, `retryMs` later.
   */
  start(failed: (error: unknown) => boolean, retryMs: number): void {
    const { cosign } = this.#parts;
    if (cosign === undefined) return;
    const publish = (head: HeadToCosign, signal: AbortSignal): Promise<void> =>
      this.#publishCosigned(head, cosign, signal);
    this.#cosigning = new Cosigning({ publish, failed, retryMs });
    this.#cosigning.offer(this.#signed);
  }

  /** The first published head of so many entries or more; rejects with the signal's reason. */
  reach(size: number, signal: AbortSignal): Promise<SignedHead> {
    return this.#published.reach(size, signal);
  }

  /**
   * Signs a larger tree, and publishes it: at once, or when it is cosigned. When this rejects, the tree may be signed
   * again, grown or not.
   */
  async publish(tree: TimedHead): Promise<void> {
    const { store, signer, keeper } = this.#parts;
    await checkExtends(store, tree, this.#signed, 'the last checkpoint');
    this.#signed = { ...signHead(tree, signer), timeMs: tree.timeMs };
    await keeper.write(this.#signed.note);
    if (this.#cosigning === undefined) await this.#show(this.#signed);
    else this.#cosigning.offer(this.#signed);
    this.#size = tree.size;
  }

  /** Asks no further witness. */
  async close(): Promise<void> {
    await this.#cosigning?.close();
  }

  async #publishCosigned(head: HeadToCosign, cosign: Cosign, signal: AbortSignal): Promise<void> {
    const { store, signer } = this.#parts;
    const prove = (oldSize: number): Promise<Uint8Array[]> =>
      proveConsistency(oldSize, head.size, nodesOf(store, head.size), nodeHasher);
    const note = await cosign(head, prove, signal);
    const cosigned = openHead(note, signer, 'the cosigned checkpoint');
    if (cosigned.size !== head.size || !equalBytes(cosigned.root, head.root)) {
      throw new LogError('bad-head', `a checkpoint of ${cosigned.size} entries came back for ${head.size}`);
    }
    await this.#show(cosigned);
  }

  async #show(head: SignedHead): Promise<void> {
    await this.#parts.store.putCheckpoint({ size: head.size, note: head.note });
    this.#published.set(head);
  }
}
