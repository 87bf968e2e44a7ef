import type { Signer } from '../statement/index.ts';
import type { Store } from '../store/index.ts';
import { LogError } from './errors.ts';
import { openHead, type SignedHead, signHead, type TreeHead } from './head.ts';
import type { HeadKeeper } from './head-file.ts';
import { checkExtends } from './stored-tree.ts';

/**
 * Signs tree heads, each an extension of the one before, and lets none be seen before it is kept:
 *
 *     check     the tree in the store contains the last signed one (consistency proof)
 *     sign
 *     head file durable      from here on an older store refuses to run
 *     store     durable      from here on the store knows it as well
 *     published              only now does anybody see it
 *
 * A crash between two of these leaves a head that was signed and not seen; at the next start it is found in the
 * head file and extended like any other.
 */
export class Publisher {
  readonly #store: Store;
  readonly #signer: Signer;
  readonly #keeper: HeadKeeper;
  /** The last head that got a signature, seen or not. Whatever is signed next must extend it. */
  #signed: SignedHead;
  /** The last head that may be seen. */
  #published: SignedHead;

  private constructor(store: Store, signer: Signer, keeper: HeadKeeper, signed: SignedHead) {
    this.#store = store;
    this.#signer = signer;
    this.#keeper = keeper;
    this.#signed = signed;
    this.#published = signed;
  }

  /**
   * Finds the heads signed before, checks the store's tree against each, and publishes it. A store without
   * entries and without a head is a new log: its first head is of the empty tree.
   */
  static async open(store: Store, signer: Signer, keeper: HeadKeeper, tree: TreeHead): Promise<Publisher> {
    const kept = await keeper.read();
    const stored = await store.getCheckpoint();
    if (kept === undefined && (stored !== undefined || tree.size > 0)) {
      throw new LogError(
        'head-missing',
        `${keeper.name} is missing, and the log of ${signer.name} has ${tree.size} entries: put the newest checkpoint ` +
          'that anybody has of this log into that file; without it an old copy could fork the log',
      );
    }
    const heads: SignedHead[] = [];
    if (kept !== undefined) heads.push(openHead(kept, signer, keeper.name));
    if (stored !== undefined) heads.push(openHead(stored.note, signer, "the store's checkpoint"));
    for (const head of heads)
      await checkExtends(store, tree, head, head === heads[0] ? keeper.name : 'the store');
    const newest = heads.reduce<SignedHead | undefined>(
      (best, head) => (best === undefined || head.size > best.size ? head : best),
      undefined,
    );
    const isKnown = newest !== undefined && newest.size === tree.size;
    const publisher = new Publisher(store, signer, keeper, isKnown ? newest : signHead(tree, signer));
    await publisher.#keep(publisher.#signed);
    return publisher;
  }

  get published(): SignedHead {
    return this.#published;
  }

  /** Signs and publishes a larger tree. When this rejects, the tree may be signed again, grown or not. */
  async publish(tree: TreeHead): Promise<void> {
    await checkExtends(this.#store, tree, this.#signed, 'the last checkpoint');
    this.#signed = signHead(tree, this.#signer);
    await this.#keep(this.#signed);
    this.#published = this.#signed;
  }

  async #keep(head: SignedHead): Promise<void> {
    await this.#keeper.write(head.note);
    await this.#store.putCheckpoint({ size: head.size, note: head.note });
  }
}
