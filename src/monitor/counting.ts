import { CodedError, toHex } from '../bytes/index.ts';
import { decodeLeaf, LogError } from '../log/index.ts';
import { formatTlogProof, parseVkey } from '../note/index.ts';
import { sha256, verifiedEnvelope, verifyEd25519 } from '../statement/index.ts';
import { countEntry, emptyTally, type Tally, witnessedOf } from '../tally/index.ts';
import { type Finding, FindingError } from './alarm.ts';
import type { History } from './history.ts';
import type { SignedView } from './signed-view.ts';

/** The newest `state` entry, recomputed and found right. */
export interface CheckedState {
  readonly index: number;
  /** Root of the state map, 32 bytes. */
  readonly root: Uint8Array;
}

/** Counts a log anew, and finds what it says of itself that the count does not confirm. */
export class Counting {
  readonly tally: Tally;
  readonly #history: History;
  /** The next entry to be counted; one that cannot be read is the last. */
  #next = 0;
  #state: CheckedState | undefined;

  /** `logKey`: the log's verifier key. */
  constructor(logKey: string, history: History) {
    const { name, publicKey } = parseVkey(logKey);
    this.tally = emptyTally({ origin: name, logKey: toHex(publicKey), sha256 });
    this.#history = history;
  }

  /** The newest `state` that is right; undefined before the first. */
  get state(): CheckedState | undefined {
    return this.#state;
  }

  /**
   * Counts what the history has got. `shownMs`: when the log showed its last checkpoint before, since which no entry may
   * have come in; undefined where that is not known.
   */
  async count(
    view: SignedView,
    shownMs: number | undefined,
    found: (finding: Finding) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const { index, bytes } of this.#history.entries(this.#next, signal)) {
      const alarms = this.tally.alarmsTotal;
      const { kind, timeMs } = await this.#take(index, bytes, view);
      this.#next = index + 1;
      if (this.tally.alarmsTotal > alarms) {
        const reason = this.tally.alarms.at(-1)?.reason ?? 'it is not what the count comes to';
        await found(
          await this.#about(
            'wrong-entry',
            { kind, index, bytes, view },
            `${kind} (entry ${index}): ${reason}`,
          ),
        );
      }
      if (shownMs !== undefined && timeMs < shownMs) {
        const message = `entry ${index} says that it was received at ${timeMs}, and the log did not show it at ${shownMs}`;
        await found(await this.#about('backdated', { kind, index, bytes, view }, message));
      }
    }
  }

  async #take(index: number, bytes: Uint8Array, view: SignedView): Promise<{ kind: string; timeMs: number }> {
    try {
      const { timeMs, envelope } = decodeLeaf(bytes);
      const { statement, payloadDigest, signers } = verifiedEnvelope(envelope);
      const alarms = this.tally.alarmsTotal;
      const witnessed = witnessedOf(this.tally, statement, verifyEd25519);
      countEntry(this.tally, { index, timeMs, statement, payloadDigest, signers, ...witnessed });
      const { last } = this.tally.light;
      const isRight = this.tally.alarmsTotal === alarms;
      if (isRight && last?.index === index) this.#state = { index, root: Buffer.from(last.root, 'hex') };
      return { kind: statement.kind, timeMs };
    } catch (error) {
      if (!(error instanceof LogError) && !(error instanceof CodedError && error.code !== 'internal'))
        throw error;
      const message = `entry ${index} is of no form that this version knows: ${error.message}`;
      throw new FindingError(await this.#about('unreadable', { kind: 'entry', index, bytes, view }, message));
    }
  }

  /** A finding about an entry, proved by its inclusion under what the log signed. */
  async #about(
    kind: 'wrong-entry' | 'unreadable' | 'backdated',
    entry: {
      readonly kind: string;
      readonly index: number;
      readonly bytes: Uint8Array;
      readonly view: SignedView;
    },
    message: string,
  ): Promise<Finding> {
    const { index, bytes, view } = entry;
    const hashes = await this.#history.tree.proveInclusion(index, view.size);
    return {
      kind,
      key: kind === 'unreadable' ? 'entry' : String(index),
      message,
      entry: { kind: entry.kind, index },
      evidence: {
        'entry.leaf': bytes,
        'entry.tlog-proof': formatTlogProof({ index, hashes, checkpoint: view.note }),
      },
    };
  }
}
