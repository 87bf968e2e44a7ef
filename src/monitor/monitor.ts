import { toHex } from '../bytes/index.ts';
import { ClientError, TallyClient } from '../client/index.ts';
import { parseVkey, type TlogPolicy } from '../note/index.ts';
import type { Signer } from '../statement/index.ts';
import { type AlarmKind, type Finding, FindingError, isAboutLog } from './alarm.ts';
import { AlarmBoard } from './alarm-board.ts';
import { Counting } from './counting.ts';
import type { MonitorEvent } from './event.ts';
import { timeFindings } from './freshness.ts';
import { History } from './history.ts';
import { MONITOR_LIMITS, type MonitorLimits } from './limits.ts';
import { Memory } from './memory.ts';
import { MonitorMetrics } from './metrics.ts';
import { Mirror } from './mirror.ts';
import { Sight } from './sight.ts';
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
  readonly #sight: Sight;
  readonly #counting: Counting;
  readonly #views: Views;
  readonly #board: AlarmBoard;
  readonly #signing: StateSigning | undefined;
  /** When the last round that got a checkpoint began. */
  #shownMs: number | undefined;
  /** Since when no entry that is not counted yet may have come in, as far as is known. */
  #sinceMs: number | undefined;
  /** Whether the log has grown by what is not told yet. */
  #isNews = false;
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
    this.#sight = new Sight({ memory, history: this.#history, limits: this.#limits, logKey, witnesses });
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
    return new Monitor(options, await Memory.open(options.folder, limits));
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

  /**
   * One look at the log. Resolves to whether it was reached and everything it shows was had; rejects when the monitor itself
   * cannot go on.
   */
  async round(signal: AbortSignal): Promise<boolean> {
    const startedMs = this.#now();
    const findings: Finding[] = [];
    const looked = await this.#attempt(findings, signal, () => this.#look(startedMs, findings, signal));
    const counted = await this.#attempt(findings, signal, () => this.#count(signal));
    if (looked && counted) this.#troubles.clear();
    findings.push(...(await this.#compare(signal)));
    await this.#board.settle(findings);
    await this.#sign(signal);
    return looked && counted;
  }

  /** Does a part of a round, which ends with a finding or with what the log does not give; whether it gave it. */
  async #attempt(findings: Finding[], signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FindingError) {
        findings.push(error.finding);
        return true;
      }
      if (!(error instanceof ClientError)) throw error;
      this.#trouble(error.message);
      return false;
    }
  }

  async #look(startedMs: number, findings: Finding[], signal: AbortSignal): Promise<void> {
    this.metrics.reached(false);
    const lost = await this.#sight.catchUp(signal);
    const note = await this.#client.checkpoint({ signal });
    this.metrics.reached(true);
    if (lost !== undefined) throw new FindingError(await this.#sight.confront(note, lost, signal));
    const isCounted = this.size === this.#history.tree.size;
    const grown = await this.#sight.look(note, findings, signal);
    if (grown && isCounted) this.#sinceMs = this.#shownMs;
    this.#isNews ||= grown;
    this.#shownMs = startedMs;
  }

  /** Counts what is there and was not counted yet. */
  async #count(signal: AbortSignal): Promise<void> {
    const { seen, isWhole } = this.#sight;
    if (seen === undefined || !isWhole || this.size === seen.size) return;
    const { tally } = this.#counting;
    const toleranceMs = this.#limits.missedHeartbeats * (tally.policy?.rules.heartbeatSeconds ?? 0) * 1000;
    const shownMs = this.#sinceMs === undefined ? undefined : this.#sinceMs - toleranceMs;
    await this.#counting.count(seen, shownMs, (finding) => this.#board.raise(finding), signal);
    const { size, root } = seen;
    if (this.#isNews)
      this.#options.tell?.({ event: 'checked', size, root: toHex(root), timeMs: tally.timeMs });
    this.#isNews = false;
  }

  /** Holds what is known against the clock, and against what others show. */
  async #compare(signal: AbortSignal): Promise<readonly Finding[]> {
    const { seen, isWhole } = this.#sight;
    const lacking = this.#sight.lacking(this.#now());
    if (lacking !== undefined) return [lacking];
    if (seen === undefined || !isWhole) return [];
    const { findings, silent } = await this.#views.compare(seen, this.#now(), signal);
    for (const url of silent) this.#trouble(`${url} shows no checkpoint of this log`);
    if (this.size < seen.size) return findings;
    const { tally } = this.#counting;
    this.metrics.checked(this.size, tally.timeMs, this.#now());
    const { witnesses } = this.#options;
    return [
      ...findings,
      ...(await this.#counting.contradictions(seen, signal)),
      ...timeFindings(tally, seen, { nowMs: this.#now(), limits: this.#limits, witnesses }),
    ];
  }

  /** A log about which anything was found gets no signature any more. */
  async #sign(signal: AbortSignal): Promise<void> {
    const { state } = this.#counting;
    if (this.#signing === undefined || state === undefined || [...this.alarms].some(isAboutLog)) return;
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
