import { InternalError } from '../bytes/index.ts';
import { type Kind, type Predicate, type Statement, sha256 } from '../statement/index.ts';
import { countEntry, emptyTally, entriesDue, type Tally } from '../tally/index.ts';
import { hexOf } from './random.ts';

export const ORIGIN = 'simulated.example/log';
const LOG = hexOf('log');
const START_MS = 1_790_000_000_000;

/** A log of virtual years: entries are counted by the real count as they are made, and not kept. */
export class Ledger {
  readonly tally: Tally = emptyTally({ origin: ORIGIN, logKey: LOG, sha256 });
  nowMs = START_MS;

  /** Counts one entry; its payload's digest. Who signed it is given, as if the signatures had been verified. */
  add<K extends Kind>(
    kind: K,
    subject: Statement['subject'],
    predicate: Omit<Predicate<K>, 'origin' | 'timeMs'>,
    signers: readonly string[],
  ): string {
    const whole = { kind, subject, predicate: { origin: ORIGIN, timeMs: this.nowMs, ...predicate } };
    return this.#count(whole as unknown as Statement, signers);
  }

  /** An audit that some builders passed today, in as many entries as it takes. */
  audit(name: string, release: string, infoHashV2: string, keys: readonly string[]): void {
    const epoch = Math.floor(this.nowMs / 86_400_000);
    for (let at = 0; at < keys.length; at += 20) {
      const passed = keys.slice(at, at + 20).sort();
      const lists = { passed, failed: [], outside: [], fresh: [] };
      this.add('audit', { name, sha256: release }, { release, infoHashV2, epoch, ...lists }, [LOG]);
    }
  }

  /** Lets time pass, and the log append what it owes then. */
  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
    for (
      let due = entriesDue(this.tally, this.nowMs);
      due.length > 0;
      due = entriesDue(this.tally, this.nowMs)
    ) {
      for (const statement of due) this.#count(statement, [LOG]);
    }
  }

  #count(statement: Statement, signers: readonly string[]): string {
    const index = this.tally.size;
    const payloadDigest = hexOf(`entry ${index}`);
    countEntry(this.tally, { index, timeMs: this.nowMs, statement, payloadDigest, signers });
    const [alarm] = this.tally.alarms;
    if (alarm !== undefined) throw new InternalError(`a simulated log raised an alarm: ${alarm.reason}`);
    return payloadDigest;
  }
}
