import { nextTick } from 'node:process';
import type { GrowingTree } from '../merkle/index.ts';
import { type StatementKey, type Store, StoreError } from '../store/index.ts';
import { LogError, type LogErrorCode } from './errors.ts';
import type { LogLimits } from './limits.ts';
import type { Publisher } from './publisher.ts';
import { sequence } from './sequence.ts';
import { checkExtends, loadTree } from './stored-tree.ts';
import { type Receipt, type WaitingAppend, WaitingLine } from './waiting-line.ts';

export interface SequencerParts {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly tree: GrowingTree;
  readonly timeMs: number;
  readonly limits: LogLimits;
  readonly clock: () => number;
  readonly checkpointEveryMs: number;
  readonly onFault: (error: unknown) => void;
}

/** A transaction waits no longer than this for appends that were announced. */
const GATHER_MS = 5;
/** After a checkpoint that failed, the next attempt comes no sooner. */
const RETRY_MS = 1000;
/** After these nothing may be signed or acknowledged any more. */
const FATAL: ReadonlySet<LogErrorCode> = new Set(['older-tree', 'forked-tree', 'broken-tree']);

/**
 * Puts appends in order, many to a transaction, and has the tree published. All writing is done by one loop
 * (`#work`), which runs while there is something to do; whatever it owns, nothing else touches.
 */
export class Sequencer {
  readonly #parts: SequencerParts;
  readonly #line: WaitingLine;
  readonly #listeners = new Set<(size: number) => void>();
  /** Owned by the loop: the durable tree, and the time of its last entry. */
  #tree: GrowingTree;
  #timeMs: number;
  /** Owned by the loop: a write failed, so the store may hold more than `#tree`; it is read anew first. */
  #inDoubt = false;
  /** Owned by the loop: no checkpoint before this time of `performance.now()`. */
  #publishAt = 0;
  /** Appends that were announced and have not come yet. */
  #expected = 0;
  /** Ends the loop's wait for more appends, while it waits. */
  #gathered: (() => void) | undefined;
  /** Why the log must not go on. Set by the loop, for good. */
  #broken: LogError | undefined;
  #closing = false;
  /** The loop, while it runs. */
  #work: Promise<void> | undefined;
  /** Wakes the loop for a checkpoint that is not due yet. */
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: SequencerParts) {
    this.#parts = parts;
    this.#line = new WaitingLine(parts.limits);
    this.#tree = parts.tree;
    this.#timeMs = parts.timeMs;
    parts.publisher.start((error) => this.#meet(error), RETRY_MS);
  }

  get size(): number {
    return this.#tree.size;
  }

  append(envelope: Uint8Array, { signerKey, payloadDigest }: StatementKey): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      if (this.#closing) throw new LogError('closed', 'the log is closed: it takes no more entries');
      if (this.#broken !== undefined) throw this.#broken;
      this.#line.add({ envelope, signerKey, payloadDigest, resolve, reject });
      this.#wake();
      this.#stopGathering();
    });
  }

  expect(): () => void {
    let isAwaited = true;
    this.#expected += 1;
    return () => {
      if (!isAwaited) return;
      isAwaited = false;
      this.#expected -= 1;
      this.#stopGathering();
    };
  }

  onAppend(listener: (size: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#publishAt = 0;
    this.#wake();
    this.#gathered?.();
    await this.#work;
    clearTimeout(this.#timer);
    await this.#parts.publisher.close();
  }

  /** Takes note of a fault that was met beside the loop; gives whether the log may go on. */
  #meet(error: unknown): boolean {
    this.#breakOn(error);
    this.#report(error);
    return this.#broken === undefined;
  }

  #wake(): void {
    clearTimeout(this.#timer);
    this.#work ??= this.#run();
  }

  async #run(): Promise<void> {
    do {
      await turn(); // lets every append that has arrived by now join the transaction
      await this.#gather();
      if (this.#line.length > 0) await this.#logSome(this.#line.take());
      if (this.#isDue()) await this.#publish();
    } while (this.#line.length > 0 || this.#isDue());
    this.#work = undefined; // with no await since the last look: neither append nor close can fall between
    if (this.#isBehind() && !this.#closing) {
      this.#timer = setTimeout(() => this.#wake(), Math.max(0, this.#publishAt - performance.now()));
    }
  }

  /**
   * Waits while more appends are on their way than have come: a transaction of many costs little more than one of few,
   * and those on their way are worked on meanwhile. Who writes alone waits for nobody.
   */
  async #gather(): Promise<void> {
    if (this.#line.length === 0 || this.#hasGathered()) return;
    const waiting = Promise.withResolvers<void>();
    this.#gathered = waiting.resolve;
    const timer = setTimeout(waiting.resolve, GATHER_MS);
    await waiting.promise;
    clearTimeout(timer);
    this.#gathered = undefined;
    await turn();
  }

  #hasGathered(): boolean {
    return this.#closing || this.#line.length >= Math.min(this.#expected, this.#parts.limits.batchEntries);
  }

  #stopGathering(): void {
    if (this.#gathered !== undefined && this.#hasGathered()) this.#gathered();
  }

  /** Whether there is something that a checkpoint has not covered, and may be. */
  #isBehind(): boolean {
    return this.#broken === undefined && (this.#inDoubt || this.#parts.publisher.size < this.#tree.size);
  }

  #isDue(): boolean {
    return this.#isBehind() && performance.now() >= this.#publishAt;
  }

  /** Logs some appends in one transaction and answers them. */
  async #logSome(appends: readonly WaitingAppend[]): Promise<void> {
    const { store, clock } = this.#parts;
    try {
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#inDoubt) await this.#readAnew();
      const found = await store.findEntries(appends);
      const timeMs = Math.max(this.#timeMs, Math.floor(clock()));
      const { batch, receipts, tree } = sequence(appends, found, this.#tree, timeMs);
      if (batch.entries.length > 0) {
        this.#inDoubt = true;
        await store.appendEntries(batch);
        this.#inDoubt = false;
        this.#timeMs = timeMs;
        this.#grow(tree);
      }
      for (const [at, { resolve }] of appends.entries()) resolve(receipts[at] as Receipt);
    } catch (error) {
      this.#breakOn(error);
      const answer = this.#broken ?? (error instanceof StoreError ? storageError(error) : error);
      for (const { reject } of appends) reject(answer);
    }
  }

  /**
   * After a write that failed: the store tells how far it is, and its tree must extend the one that was
   * acknowledged. What the failed write left there after all is part of the log, though nobody was told.
   */
  async #readAnew(): Promise<void> {
    const { store } = this.#parts;
    const { tree, timeMs } = await loadTree(store);
    const durable = { size: this.#tree.size, root: this.#tree.root() };
    await checkExtends(
      store,
      { size: tree.size, root: tree.root() },
      durable,
      'or acknowledged, by this process',
    );
    this.#inDoubt = false;
    this.#timeMs = timeMs;
    if (tree.size > this.#tree.size) this.#grow(tree);
  }

  #grow(tree: GrowingTree): void {
    this.#tree = tree;
    for (const listener of this.#listeners) {
      try {
        listener(tree.size);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  async #publish(): Promise<void> {
    const { publisher, checkpointEveryMs } = this.#parts;
    try {
      if (this.#inDoubt) await this.#readAnew();
      this.#publishAt = performance.now() + checkpointEveryMs;
      await publisher.publish({ size: this.#tree.size, root: this.#tree.root(), timeMs: this.#timeMs });
    } catch (error) {
      this.#publishAt = performance.now() + Math.max(RETRY_MS, checkpointEveryMs);
      this.#breakOn(error);
      this.#report(error);
    }
  }

  /** Ends all writing for good when the stored tree is not the one it should be, or the store has ended. */
  #breakOn(error: unknown): void {
    if (error instanceof LogError && FATAL.has(error.code)) this.#broken ??= error;
    if (error instanceof StoreError && error.code === 'closed') this.#broken ??= storageError(error);
  }

  #report(error: unknown): void {
    queueMicrotask(() => this.#parts.onFault(error));
  }
}

function storageError(cause: StoreError): LogError {
  return new LogError(
    'storage',
    `the entry could not be logged: ${cause.message}. It may have been kept: send it again, and it is answered with its index`,
    { cause },
  );
}

/** Lets everything go first that is ready now, and what it asks for from the next turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    nextTick(() => setImmediate(resolve));
  });
}
