import { Counter, Gauge, type OpenMetricsContentType, Registry } from 'prom-client';
import type { AlarmKind } from './alarm.ts';

/** What a monitor tells, as OpenMetrics text. */
export class MonitorMetrics {
  readonly #registry = new Registry<OpenMetricsContentType>();
  readonly #entries = this.#gauge(
    'bitquorum_monitor_checked_entries',
    'Entries of the log that were checked.',
  );
  readonly #age = this.#gauge('bitquorum_monitor_log_age_seconds', 'Age of the newest entry.');
  readonly #seen = this.#gauge(
    'bitquorum_monitor_checked_timestamp_seconds',
    'When the log was last reached and checked.',
  );
  readonly #up = this.#gauge('bitquorum_monitor_log_up', '1 when the last attempt reached the log.');
  readonly #state = this.#gauge(
    'bitquorum_monitor_signed_state_index',
    'Index of the state entry signed last.',
  );
  readonly #active = this.#gauge('bitquorum_monitor_alarm', '1 while an alarm of this kind is raised.', [
    'kind',
  ]);
  readonly #raised = new Counter({
    name: 'bitquorum_monitor_alarms_total',
    help: 'Alarms raised by this process, by kind, and for those about an entry by its kind.',
    labelNames: ['kind', 'entry'],
    registers: [this.#registry],
  });

  constructor() {
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  checked(entries: number, newestMs: number, nowMs: number): void {
    this.#entries.set(entries);
    this.#age.set((nowMs - newestMs) / 1000);
    this.#seen.set(nowMs / 1000);
  }

  reached(isReached: boolean): void {
    this.#up.set(Number(isReached));
  }

  signed(index: number): void {
    this.#state.set(index);
  }

  raised(kind: AlarmKind, entryKind = ''): void {
    this.#raised.inc({ kind, entry: entryKind });
  }

  active(kinds: ReadonlySet<AlarmKind>): void {
    this.#active.reset();
    for (const kind of kinds) this.#active.set({ kind }, 1);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }
}
