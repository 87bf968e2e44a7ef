import { hash } from 'node:crypto';
import { type VerifiedEnvelope, type VerifyPool, verifiedEnvelope } from '../statement/index.ts';
import type { StoredEntry } from '../store/index.ts';

/** Entries up to which a log is verified by this thread: starting others would take longer. */
const FEW = 256;

/**
 * Verifies each envelope once: those that are submitted by the pool's threads, before they are logged; those that are
 * read from the store by the same, unless the very bytes have been verified a moment ago. The store is not believed:
 * it is the SHA-256 of what it gives that is known.
 */
export class VerifiedEntries {
  readonly #pool: VerifyPool;
  readonly #most: number;
  readonly #known = new Map<string, VerifiedEnvelope>();

  /** `most`: how many are remembered; the oldest is forgotten, and verified again when it is read. */
  constructor(pool: VerifyPool, most: number) {
    this.#pool = pool;
    this.#most = most;
  }

  /** Verifies what somebody submitted. Throws `StatementError`. */
  async submitted(envelope: Uint8Array): Promise<VerifiedEnvelope> {
    const name = nameOf(envelope);
    const verified = this.#known.get(name) ?? (await this.#pool.verify(envelope));
    if (verified.refused.length === 0) this.#keep(name, verified);
    return verified;
  }

  /** Verifies an entry of the log, once. */
  stored({ index, envelope }: StoredEntry): VerifiedEnvelope | Promise<VerifiedEnvelope> {
    const name = nameOf(envelope);
    const verified = this.#known.get(name);
    this.#known.delete(name);
    return verified ?? (index < FEW ? verifiedEnvelope(envelope) : this.#pool.verify(envelope));
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  #keep(name: string, verified: VerifiedEnvelope): void {
    this.#known.set(name, verified);
    if (this.#known.size <= this.#most) return;
    const oldest = this.#known.keys().next();
    if (oldest.done !== true) this.#known.delete(oldest.value);
  }
}

function nameOf(envelope: Uint8Array): string {
  return hash('sha256', envelope, 'base64');
}
