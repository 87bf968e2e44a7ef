import { equalBytes } from '../bytes/index.ts';
import { ClientError } from '../client/index.ts';
import { TILE_WIDTH } from '../merkle/index.ts';
import type { TlogPolicy } from '../note/index.ts';
import { type Finding, FindingError, MonitorError } from './alarm.ts';
import { forkOfOneSize, olderFinding, unsigned, unwitnessed } from './checkpoint-findings.ts';
import type { History } from './history.ts';
import type { MonitorLimits } from './limits.ts';
import type { Memory } from './memory.ts';
import { isWitnessed, openView, type SignedView } from './signed-view.ts';

interface SightParts {
  readonly memory: Memory;
  readonly history: History;
  readonly limits: MonitorLimits;
  readonly logKey: string;
  readonly witnesses: TlogPolicy | undefined;
}

/**
 * What the log has shown, the largest tree of it: each checkpoint has to extend the one before. It is kept as soon as
 * the tree is there, before anything in it is read, so that no entry can end this.
 */
export class Sight {
  readonly #parts: SightParts;
  #seen: SignedView | undefined;
  /** Since when the entries of what was seen could not be had. */
  #lackingMs: number | undefined;

  /** Throws `bad-state` for a kept checkpoint that the log's key did not sign. */
  constructor(parts: SightParts) {
    const { memory, logKey } = parts;
    this.#parts = parts;
    if (memory.checkpoint === undefined) return;
    this.#seen = openView(memory.checkpoint, logKey);
    if (this.#seen !== undefined) return;
    throw new MonitorError(
      'bad-state',
      `${memory.folder}/checkpoint is not signed by ${logKey}: find out why`,
    );
  }

  /** The largest checkpoint whose tree was found to extend those before; after a start its entries may be missing yet. */
  get seen(): SignedView | undefined {
    return this.#seen;
  }

  /** Whether the entries of what was seen are all there. */
  get isWhole(): boolean {
    return this.#seen !== undefined && this.#parts.history.tree.size === this.#seen.size;
  }

  /**
   * After a start: gets the tree of what was seen before, from the monitor's own disk where it is there. Gives what is wrong
   * when what the log serves instead does not make it.
   */
  async catchUp(signal: AbortSignal): Promise<Finding | undefined> {
    if (this.#seen === undefined || this.isWhole) return undefined;
    try {
      await this.#grow(this.#seen, undefined, signal);
      return undefined;
    } catch (error) {
      if (error instanceof FindingError) return error.finding;
      throw error;
    }
  }

  /** What is wrong with a checkpoint when what was seen is lost, and does not come again: a fork where that is proved. */
  async confront(note: Uint8Array, lost: Finding, signal: AbortSignal): Promise<Finding> {
    const { logKey, history, limits } = this.#parts;
    const seen = this.#seen;
    const view = openView(note, logKey);
    if (view === undefined) return unsigned(note, logKey);
    if (seen === undefined || view.size < seen.size) return lost;
    if (view.size === seen.size) return equalBytes(view.root, seen.root) ? lost : forkOfOneSize(view, seen);
    const bound = AbortSignal.any([signal, AbortSignal.timeout(limits.roundMs)]);
    return (await history.rewritten(view, seen, bound)) ?? lost;
  }

  /**
   * Takes a look at a checkpoint. Answers whether the log has grown; throws {@link FindingError} for one that does not
   * extend what was seen, and what talking to the log throws.
   */
  async look(note: Uint8Array, findings: Finding[], signal: AbortSignal): Promise<boolean> {
    const { logKey, witnesses, history, memory } = this.#parts;
    const view = openView(note, logKey, witnesses);
    if (view === undefined) throw new FindingError(unsigned(note, logKey));
    if (witnesses !== undefined && !isWitnessed(view, witnesses)) findings.push(unwitnessed(view));
    const seen = this.#seen;
    const grows = seen === undefined || view.size > seen.size;
    if (grows) {
      await this.#grow(view, seen, signal);
      await memory.keepCheckpoint(note);
    } else {
      const finding = olderFinding(view, seen, history.tree);
      if (finding !== undefined) throw new FindingError(finding);
    }
    this.#seen = view;
    return grows;
  }

  /** What is wrong when the log does not give back, for long, what it showed before. */
  lacking(nowMs: number): Finding | undefined {
    const seen = this.#seen;
    if (seen === undefined || this.isWhole) {
      this.#lackingMs = undefined;
      return undefined;
    }
    this.#lackingMs ??= nowMs;
    const seconds = Math.round((nowMs - this.#lackingMs) / 1000);
    // What cannot be had within a second each bundle, and some while beside, is held back.
    if (seconds <= this.#parts.limits.behindSeconds + seen.size / TILE_WIDTH) return undefined;
    return {
      kind: 'freeze',
      key: 'lacking',
      message: `for ${seconds} s the log has not served the ${seen.size} entries that it had shown`,
      evidence: { 'signed-before.checkpoint': seen.note },
    };
  }

  /** Grows within a bounded time: what was fetched is kept, and the next round goes on from there. */
  async #grow(view: SignedView, before: SignedView | undefined, signal: AbortSignal): Promise<void> {
    const { history, limits } = this.#parts;
    const bound = AbortSignal.timeout(limits.roundMs);
    try {
      await history.growTo(view, before, AbortSignal.any([signal, bound]));
    } catch (cause) {
      signal.throwIfAborted();
      if (!bound.aborted || cause instanceof FindingError) throw cause;
      const message = `the entries of the log did not come in ${limits.roundMs} ms: the next round goes on from here`;
      throw new ClientError('unreachable', message, { cause });
    }
  }
}
