import type { StatementKey } from '../store/index.ts';
import { LogError } from './errors.ts';
import type { LogLimits } from './limits.ts';

/** What an append is answered with, once the entry is durable. */
export interface Receipt {
  readonly index: number;
  /** Receipt time, milliseconds since 1970. */
  readonly timeMs: number;
  /** RFC 6962 leaf hash, 32 bytes. */
  readonly leafHash: Uint8Array;
  /** Whether the log had this statement before; then the rest is of its first entry. */
  readonly duplicate: boolean;
}

/** An append that waits for its transaction. */
export interface WaitingAppend extends StatementKey {
  readonly envelope: Uint8Array;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends in the order in which they came, bounded in count and bytes. */
export class WaitingLine {
  readonly #limits: LogLimits;
  #line: WaitingAppend[] = [];
  #bytes = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#line.length;
  }

  /** Takes an append in. Throws `busy` when the line is full. */
  add(append: WaitingAppend): void {
    const { waitingEntries, waitingBytes } = this.#limits;
    if (this.#line.length >= waitingEntries || this.#bytes + append.envelope.length > waitingBytes) {
      throw new LogError(
        'busy',
        `${this.#line.length} entries wait to be logged: send this one again in a second`,
      );
    }
    this.#line.push(append);
    this.#bytes += append.envelope.length;
  }

  /** Takes the first ones out, as many as one transaction may hold and at least one. */
  take(): WaitingAppend[] {
    const { batchEntries, batchBytes } = this.#limits;
    let bytes = 0;
    const end = this.#line.findIndex((append, at) => {
      bytes += append.envelope.length;
      return at >= batchEntries || (at > 0 && bytes > batchBytes);
    });
    const taken = this.#line.slice(0, end < 0 ? undefined : end);
    this.#line = end < 0 ? [] : this.#line.slice(end);
    for (const { envelope } of taken) this.#bytes -= envelope.length;
    return taken;
  }
}
