import { toHex } from '../bytes/index.ts';
import { ClientError, TallyClient } from '../client/index.ts';
import { parseVkey, type TlogPolicy } from '../note/index.ts';
import type { Signer } from '../statement/index.ts';
import { type AlarmKind, type Finding, FindingError, MonitorError } from './alarm.ts';
import { AlarmBoard } from './alarm-board.ts';
import { olderFinding, unsigned, unwitnessed } from './checkpoint-findings.ts';
import { Counting } from './counting.ts';
import type { MonitorEvent } from './event.ts';
import { timeFindings } from './freshness.ts';
import { History } from './history.ts';
import { MONITOR_LIMITS, type MonitorLimits } from './limits.ts';
import { Memory } from './memory.ts';
import { MonitorMetrics } from './metrics.ts';
import { Mirror } from './mirror.ts';
import { isWitnessed, openView, type SignedView } from './signed-view.ts';
import { StateSigning } from './state-signing.ts';
import { mirrorPlace, Views, witnessPlace } from './views.ts';

export interface MonitorOptions {
  /** Address of the tally. */
  readonly tally: string;
  /** The log's verifier key. */
  readonly logKey: string;
  /** Where this monitor keeps what it remembers of this log: checkpoint, alarms, evidence, bundles. */
  readonly folder: string;
  /** Whose cosignatures each checkpoint must have; those witnesses with URLs are asked what they know. */
  readonly witnesses?: TlogPolicy;
  /** Other places that show this log: prefixes before `/checkpoint`. */
  readonly views?: readonly string[];
  /** Signs each `state` that was recomputed. */
  readonly signer?: Signer;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  readonly limits?: Partial<MonitorLimits>;
  readonly tell?: (event: MonitorEvent) => void;
}

/**
 * Follows a log and believes nothing of it: every checkpoint has to extend the last one, every entry to be in the tree, and
 * everything that the log computes to be what the count comes to. What it finds it keeps, with its proof.
 */
export class Monitor {
  readonly metrics = new MonitorMetrics();
  readonly #options: MonitorOptions;
  readonly #limits: MonitorLimits;
  readonly #memory: Memory;
  readonly #client: TallyClient;
  readonly #history: History;
  readonly #counting: Counting;
  readonly #views: Views;
  readonly #board: AlarmBoard;
  readonly #signing: StateSigning | undefined;
  #seen: SignedView | undefined;
  /** When the last round that got a checkpoint began. */
  #shownMs: number | undefined;
  readonly #troubles = new Set<string>();

  private constructor(options: MonitorOptions, memory: Memory) {
    const { name } = parseVkey(options.logKey);
    const { logKey, witnesses, signer } = options;
    this.#options = options;
    this.#limits = { ...MONITOR_LIMITS, ...options.limits };
    this.#memory = memory;
    this.#client = new TallyClient(options.tally);
    const mirror = new Mirror(`${memory.folder}/bundles`);
    this.#history = new History({ client: this.#client, mirror, limits: this.#limits });
    this.#counting = new Counting(logKey, this.#history);
    const asked =
      witnesses?.witnesses.flatMap(({ url }) => (url === undefined ? [] : [witnessPlace(url, name)])) ?? [];
    const places = [...asked, ...(options.views ?? []).map(mirrorPlace)];
    this.#views = new Views({ places, logKey, history: this.#history, limits: this.#limits });
    this.#board = new AlarmBoard({
      memory,
      metrics: this.metrics,
      nowMs: () => this.#now(),
      tell: (event) => options.tell?.(event),
    });
    this.#signing = signer === undefined ? undefined : new StateSigning(this.#client, name, signer);
  }

  /** Opens what the monitor remembers. Throws `bad-state`. */
  static async open(options: MonitorOptions): Promise<Monitor> {
    const limits = { ...MONITOR_LIMITS, ...options.limits };
    const memory = await Memory.open(options.folder, limits.alarms);
    const monitor = new Monitor(options, memory);
    if (memory.checkpoint !== undefined) {
      monitor.#seen = openView(memory.checkpoint, options.logKey);
      if (monitor.#seen === undefined) {
        throw new MonitorError(
          'bad-state',
          `${memory.folder}/checkpoint is not signed by ${options.logKey}: find out why`,
        );
      }
    }
    return monitor;
  }

  /** Kinds of the alarms that hold: those that never end, of earlier runs too, and those that hold now. */
  get alarms(): ReadonlySet<AlarmKind> {
    return this.#board.kinds;
  }

  /** The last checkpoint that was checked, as signed note. */
  get checkpoint(): Uint8Array | undefined {
    return this.#memory.checkpoint;
  }

  /** Entries that were checked. */
  get size(): number {
    return this.#counting.tally.size;
  }

  /** One look at the log. Resolves to whether it was reached; rejects when the monitor itself cannot go on. */
  async round(signal: AbortSignal): Promise<boolean> {
    const startedMs = this.#now();
    const findings: Finding[] = [];
    let reached = false;
    try {
      await this.#catchUp(signal);
      const note = await this.#client.checkpoint({ signal });
      reached = true;
      await this.#check(note, startedMs, findings, signal);
      this.#troubles.clear();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FindingError) findings.push(error.finding);
      else if (error instanceof ClientError) this.#trouble(error.message);
      else throw error;
    }
    if (this.#seen !== undefined && this.size === this.#seen.size) {
      findings.push(...timeFindings(this.#counting.tally, this.#seen, this.#now(), this.#limits));
      const { findings: others, silent } = await this.#views.compare(this.#seen, this.#now(), signal);
      findings.push(...others);
      for (const url of silent) this.#trouble(`${url} shows no checkpoint of this log`);
      this.metrics.checked(this.size, this.#counting.tally.timeMs, this.#now());
    }
    if (!reached) this.metrics.unreachable();
    await this.#board.settle(findings);
    await this.#sign(signal);
    return reached;
  }

  /** After a start: what was checked before is counted again, from the monitor's own disk where it is there. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const seen = this.#seen;
    if (seen === undefined || this.#history.tree.size >= seen.size) {
      if (seen !== undefined && this.size < seen.size) await this.#count(seen, undefined, signal);
      return;
    }
    await this.#history.growTo(seen, undefined, signal);
    await this.#count(seen, undefined, signal);
  }

  async #check(note: Uint8Array, startedMs: number, findings: Finding[], signal: AbortSignal): Promise<void> {
    const { logKey, witnesses } = this.#options;
    const view = openView(note, logKey, witnesses);
    if (view === undefined) throw new FindingError(unsigned(note, logKey));
    if (witnesses !== undefined && !isWitnessed(view, witnesses)) findings.push(unwitnessed(view));
    const seen = this.#seen;
    if (seen !== undefined && view.size <= seen.size) {
      const finding = olderFinding(view, seen, this.#history.tree);
      if (finding !== undefined) throw new FindingError(finding);
    } else {
      await this.#history.growTo(view, seen, signal);
      const tolerance =
        this.#limits.missedHeartbeats * (this.#counting.tally.policy?.rules.heartbeatSeconds ?? 0);
      const shownMs = this.#shownMs === undefined ? undefined : this.#shownMs - tolerance * 1000;
      await this.#count(view, shownMs, signal);
      await this.#memory.keepCheckpoint(note);
      this.#options.tell?.({
        event: 'checked',
        size: view.size,
        root: toHex(view.root),
        timeMs: this.#counting.tally.timeMs,
      });
    }
    this.#seen = view;
    this.#shownMs = startedMs;
  }

  #count(view: SignedView, shownMs: number | undefined, signal: AbortSignal): Promise<void> {
    return this.#counting.count(view, shownMs, (finding) => this.#board.raise(finding), signal);
  }

  /** A log about which anything was found gets no signature any more. */
  async #sign(signal: AbortSignal): Promise<void> {
    const { state } = this.#counting;
    if (this.#signing === undefined || state === undefined || this.alarms.size > 0) return;
    try {
      if (!(await this.#signing.sign(state, signal))) return;
      this.metrics.signed(state.index);
      this.#options.tell?.({ event: 'signed', index: state.index, root: toHex(state.root) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ClientError)) throw error;
      this.#trouble(error.message);
    }
  }

  /** Told once, until a round goes well. */
  #trouble(message: string): void {
    if (this.#troubles.has(message)) return;
    this.#troubles.add(message);
    this.#options.tell?.({ event: 'trouble', message });
  }

  #now(): number {
    return (this.#options.nowMs ?? Date.now)();
  }
}
