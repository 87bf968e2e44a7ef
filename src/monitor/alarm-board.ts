import { join } from 'node:path';
import { type AlarmKind, type Finding, isForEver } from './alarm.ts';
import type { MonitorEvent } from './event.ts';
import type { Memory } from './memory.ts';
import type { MonitorMetrics } from './metrics.ts';

export interface BoardParts {
  readonly memory: Memory;
  readonly metrics: MonitorMetrics;
  readonly nowMs: () => number;
  readonly tell: (event: MonitorEvent) => void;
}

/** The alarms that hold: raised once, told, counted, kept with their evidence; some end again. */
export class AlarmBoard {
  readonly #parts: BoardParts;
  /** Those that hold now and may end, by kind and key. */
  #active: ReadonlyMap<string, Finding> = new Map();

  constructor(parts: BoardParts) {
    this.#parts = parts;
    parts.metrics.active(this.kinds);
  }

  /** Kinds of the alarms that hold: those that never end, of earlier runs too, and those that hold now. */
  get kinds(): ReadonlySet<AlarmKind> {
    const active = [...this.#active.values()].map(({ kind }) => kind);
    return new Set([...this.#parts.memory.alarms.map(({ kind }) => kind), ...active]);
  }

  /** Raises what is new among the findings of a round, and ends what they do not confirm. */
  async settle(findings: readonly Finding[]): Promise<void> {
    const active = new Map<string, Finding>();
    for (const finding of findings) {
      const id = `${finding.kind} ${finding.key}`;
      const isNew = !this.#active.has(id);
      if (!isForEver(finding.kind)) active.set(id, finding);
      if (isNew) await this.raise(finding);
    }
    for (const [id, { kind, message }] of this.#active) {
      if (!active.has(id)) this.#parts.tell({ event: 'over', kind, message });
    }
    this.#active = active;
    this.#parts.metrics.active(this.kinds);
  }

  /** Raises an alarm, its evidence first; one that was raised for ever is not raised again. */
  async raise(finding: Finding): Promise<void> {
    const { memory, metrics, nowMs, tell } = this.#parts;
    const { kind, key, message, entry } = finding;
    if (memory.alarms.some((alarm) => alarm.kind === kind && alarm.key === key)) return;
    metrics.raised(kind, entry?.kind);
    if (isForEver(kind) && !memory.hasRoom(kind)) return;
    const atMs = nowMs();
    const evidence = await memory.keepEvidence(finding, atMs);
    const folder = join(memory.folder, evidence);
    // Told first: an alarm that is kept, although its write failed, is not raised again by a monitor that starts anew.
    tell({ event: 'alarm', kind, message, evidence: folder, ...(entry !== undefined && { entry }) });
    if (isForEver(kind)) await memory.keepAlarm({ kind, key, message, atMs, evidence });
  }
}
