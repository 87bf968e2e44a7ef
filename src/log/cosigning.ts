import { setTimeout as sleep } from 'node:timers/promises';
import type { SignedHead, TimedHead } from './head.ts';

/** A head that is to be cosigned. */
export interface HeadToCosign extends SignedHead, TimedHead {}

/**
 * Gets a head cosigned by witnesses: answers the note with their lines added, and rejects when there were too few.
 * `prove` gives the consistency proof (RFC 6962 §2.1.2) from the tree of `oldSize` entries, 1 or more, to the head.
 * Rejects with `LogError` `older-tree` or `forked-tree` where the log must not go on.
 */
export type Cosign = (
  head: HeadToCosign,
  prove: (oldSize: number) => Promise<Uint8Array[]>,
  signal: AbortSignal,
) => Promise<Uint8Array>;

export interface CosigningParts {
  /** Gets the newest head cosigned, and publishes it. */
  readonly publish: (head: HeadToCosign, signal: AbortSignal) => Promise<void>;
  /** Told of each attempt that failed; gives whether to go on. */
  readonly failed: (error: unknown) => boolean;
  readonly retryMs: number;
}

/** Asks the witnesses beside all other work, one head at a time: the newest there is when the last is through. */
export class Cosigning {
  readonly #parts: CosigningParts;
  readonly #end = new AbortController();
  #next: HeadToCosign | undefined;
  #work: Promise<void> | undefined;

  constructor(parts: CosigningParts) {
    this.#parts = parts;
  }

  offer(head: HeadToCosign): void {
    this.#next = head;
    if (this.#end.signal.aborted) return;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  /** Gives up the head that is being cosigned: the next start asks again. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (this.#next !== undefined && !signal.aborted) {
      const head = this.#next;
      try {
        await this.#parts.publish(head, signal);
        if (this.#next === head) this.#next = undefined;
      } catch (error) {
        if (signal.aborted || !this.#parts.failed(error)) return;
        await sleep(this.#parts.retryMs, undefined, { signal }).catch(() => undefined); // closed meanwhile
      }
    }
  }
}
