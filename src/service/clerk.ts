import type { Logger } from 'pino';
import { InternalError } from '../bytes/index.ts';
import type { Log, Receipt } from '../log/index.ts';
import {
  type Signer,
  type Statement,
  signStatement,
  type VerifiedEnvelope,
  verifiedEnvelope,
  verifyEd25519,
} from '../statement/index.ts';
import type { StatementKey, Store } from '../store/index.ts';
import {
  admits,
  type CosignedHead,
  entriesDue,
  hasStanding,
  nextDueMs,
  seedSize,
  witnessedOf,
} from '../tally/index.ts';
import type { Clock } from './clock.ts';
import { cosignedHead } from './cosigned-head.ts';
import { type DayLimits, DayQuotas } from './day-quotas.ts';
import { ServiceError } from './errors.ts';
import type { Failure } from './failure.ts';
import { Gate } from './gate.ts';
import type { Ledger } from './ledger.ts';
import type { LogFollower } from './log-follower.ts';
import type { VerifiedEntries } from './verified-entries.ts';

export interface ClerkParts {
  readonly log: Log;
  readonly store: Store;
  readonly signer: Signer;
  readonly ledger: Ledger;
  readonly follower: LogFollower;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failure: Failure;
  /** Entries that may wait for their place at one time. */
  readonly pendingEntries: number;
  readonly days: DayLimits;
  readonly verified: VerifiedEntries;
}

/** Longest sleep before the clock is looked at again: a machine that was suspended wakes with a wrong timer. */
const LONGEST_SLEEP_MS = 30_000;
const RETRY_MS = 1000;

/**
 * Brings entries into the log: those that are submitted, when the count admits them, and those that the log owes.
 * What the log owes is computed from a count of everything that it holds, while no other append is on its way, so
 * that `close` and `verdict` say what the count says. None is written twice: the count that asks for an entry has
 * read every entry that is durable, also after a crash.
 */
export class Clerk {
  readonly #parts: ClerkParts;
  readonly #gate = new Gate();
  readonly #quotas: DayQuotas;
  #pending = 0;
  #timer: (() => void) | undefined;
  #closed = false;
  readonly #ending = new AbortController();
  /** Whether the next checkpoint wakes this clerk. */
  #awaitsSeed = false;

  constructor(parts: ClerkParts) {
    this.#parts = parts;
    this.#quotas = new DayQuotas(parts.days);
  }

  /**
   * Logs a DSSE envelope. Resolves once it is durable and counted; a statement that is there already is answered
   * with its first entry, whatever the count would say of it now. Throws `StatementError`, and `ServiceError` with
   * `bad-signature`, `busy`, `too-many-requests` or why the count refuses it.
   *
   * @param prefix the network that it came from: `networkPrefix`
   */
  async submit(envelope: Uint8Array, prefix: string): Promise<Receipt> {
    if (this.#closed) throw new ServiceError('closing', 'The tally is closing; send the entry again later.');
    if (this.#pending >= this.#parts.pendingEntries) {
      throw new ServiceError('busy', 'Too many entries wait for their place; send it again in a second.');
    }
    this.#pending += 1;
    try {
      const verified = await this.#parts.verified.submitted(envelope).finally(this.#parts.log.expect());
      refuseForged(verified);
      const statement = keyOf(verified);
      const [known] = await this.#parts.store.findEntries([statement]);
      if (known !== undefined) return { ...known, duplicate: true };
      await this.#catchUp();
      return await this.#gate.shared(async () => {
        this.#admit(verified);
        const giveBack = this.#takePlace(verified, statement.signerKey, prefix);
        try {
          return await this.#append(envelope, statement);
        } catch (error) {
          giveBack();
          throw error;
        }
      });
    } finally {
      this.#pending -= 1;
      this.#schedule();
    }
  }

  /** Logs a statement of the log's own, if the count still admits it. Resolves to whether it did. */
  async write(statement: Statement): Promise<boolean> {
    try {
      return await this.#gate.shared(async () => {
        const { ledger, signer, clock } = this.#parts;
        const admission = admits(ledger.tally, statement, [signer.key], clock.nowMs());
        if (admission.ok) await this.#sign(statement);
        return admission.ok;
      });
    } finally {
      this.#schedule();
    }
  }

  /** Logs everything that is due now, and sets the timer for what is due next. */
  async start(): Promise<void> {
    await this.#catchUp();
    this.#schedule();
  }

  /** Takes no more entries; those on their way are finished. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    this.#ending.abort();
    await this.#gate.alone(() => Promise.resolve());
  }

  #admit({ statement, signers, payloadDigest }: VerifiedEnvelope): void {
    const { ledger, clock } = this.#parts;
    const admission = admits(ledger.tally, statement, signers, clock.nowMs(), payloadDigest);
    if (!admission.ok) throw new ServiceError(admission.code, admission.reason);
  }

  /** Counts an entry against the limits of its day: those of a signer with standing, or of strangers. */
  #takePlace({ statement, signers }: VerifiedEnvelope, key: string, prefix: string): () => void {
    const { tally } = this.#parts.ledger;
    const nowMs = this.#parts.clock.nowMs();
    const known = signers.find((signer) => hasStanding(tally, signer));
    if (known !== undefined) return this.#quotas.takeStanding(known, nowMs);
    const isNewBuilder = statement.kind === 'builder' && !tally.builders.has(statement.subject.sha256);
    return this.#quotas.take({ key, prefix, isNewBuilder }, nowMs);
  }

  async #catchUp(): Promise<void> {
    if (this.#isDue()) await this.#gate.alone(() => this.#writeDue());
  }

  #isDue(): boolean {
    const next = nextDueMs(this.#parts.ledger.tally);
    if (next !== undefined && next <= this.#parts.clock.nowMs()) return true;
    return this.#seedHead() !== undefined;
  }

  /** The published checkpoint, when a release waits for one with its entry in it to draw its panel by. */
  #seedHead(): CosignedHead | undefined {
    const size = seedSize(this.#parts.ledger.tally);
    const head = this.#parts.log.checkpoint();
    return size === undefined || head.size < size ? undefined : cosignedHead(head);
  }

  /** Wakes with the next checkpoint while a release waits for one; one that did not do is not looked at again. */
  #awaitSeed(): void {
    const size = seedSize(this.#parts.ledger.tally);
    if (size === undefined || this.#awaitsSeed) return;
    this.#awaitsSeed = true;
    const { log } = this.#parts;
    const next = log.checkpoint().size < size ? size : log.checkpoint().size + 1;
    log.whenPublished(next, this.#ending.signal).then(
      () => {
        this.#awaitsSeed = false;
        this.#wake();
      },
      () => {}, // only the end of this clerk ends the wait
    );
  }

  async #writeDue(): Promise<void> {
    const { ledger, follower, log, clock } = this.#parts;
    await follower.upTo(log.size);
    for (;;) {
      const due = entriesDue(ledger.tally, clock.nowMs(), this.#seedHead());
      if (due.length === 0 || this.#closed) return;
      for (const statement of due) this.#insist(statement);
      await Promise.all(due.map((statement) => this.#sign(statement)));
    }
  }

  /** What the count asks for it must also take: else one entry would be asked for, and written, for ever. */
  #insist(statement: Statement): void {
    const { ledger, signer, clock } = this.#parts;
    const { witnessed } = witnessedOf(ledger.tally, statement, verifyEd25519);
    const admission = admits(ledger.tally, statement, [signer.key], clock.nowMs(), undefined, witnessed);
    if (admission.ok) return;
    throw new InternalError(`the count asks for a ${statement.kind} that it refuses: ${admission.reason}`);
  }

  async #sign(statement: Statement): Promise<Receipt> {
    const envelope = signStatement(statement, [this.#parts.signer]);
    return this.#append(envelope, keyOf(verifiedEnvelope(envelope)));
  }

  async #append(envelope: Uint8Array, statement: StatementKey): Promise<Receipt> {
    try {
      const receipt = await this.#parts.log.append(envelope, statement);
      await this.#parts.follower.upTo(receipt.index + 1);
      return receipt;
    } catch (error) {
      this.#parts.failure.look(error);
      throw error;
    }
  }

  #schedule(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (!this.#closed) this.#awaitSeed();
    const next = nextDueMs(this.#parts.ledger.tally);
    if (this.#closed || next === undefined) return;
    const { clock } = this.#parts;
    const sleepMs = Math.min(Math.max(next - clock.nowMs(), 0), LONGEST_SLEEP_MS);
    this.#timer = clock.after(sleepMs, () => this.#wake());
  }

  #wake(): void {
    this.#catchUp().then(
      () => this.#schedule(),
      (error: unknown) => {
        this.#parts.logger.error({ err: error }, 'what the log owes could not be written; it is tried again');
        if (!this.#closed) this.#timer = this.#parts.clock.after(RETRY_MS, () => this.#wake());
      },
    );
  }
}

/** Every signature of an envelope has to be good: a bad one is no reason to log the others under its name. */
function refuseForged({ refused: [key] }: VerifiedEnvelope): void {
  if (key === undefined) return;
  throw new ServiceError('bad-signature', `The signature of key ${key} does not fit this statement.`);
}

/** What makes two entries the same. Of several signers the first in order stands for all. */
function keyOf({ payloadDigest, signers }: VerifiedEnvelope): StatementKey {
  return { signerKey: signers.toSorted()[0] ?? '', payloadDigest };
}
