import { computed, effect, signal } from '@preact/signals';
import { detail, now, onEntry, refreshSoon, releases, status } from '../store.ts';
import { differencesOf } from './compare.ts';
import type { CheckReport, CheckRequest, CheckResult, SeenHead } from './messages.ts';
import { keepSeen, readSeen } from './seen.ts';

/** How far the worker has read, while it reads. */
export const progress = signal<{ done: number; total: number } | undefined>(undefined);
/** What the last check came to. */
export const result = signal<CheckResult | undefined>(undefined);

/** The tally's answer may be a moment older or newer than the log; a difference that stays is none of that. */
const SETTLING_MS = 6000;
/** The same while the tally says that its log is longer than the part that is published. */
const GROWING_MS = 30_000;
const RECHECK_MS = 400;
const RETRY_MS = 15_000;

/** Whether this address had a log with another key at the last visit. */
export const keyChanged = signal(false);

let worker: Worker | undefined;
let busy = false;
let wanted = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let differsSinceMs = 0;

/** In what the shown tally differs from the page's own count; `undefined` while there is none for this page. */
const differences = computed<readonly string[] | undefined>(() => {
  const found = result.value;
  if (found?.kind !== 'counted' || found.digest !== detail.value?.digest) return undefined;
  const shown = detail.value ? [detail.value] : releases.value;
  return shown && differencesOf(shown, found.releases);
});

/** Why the reader must not trust what this tally says; empty when there is no reason. */
export const alarms = signal<readonly string[]>([]);
/** Whether the shown tally is what this page counted itself. */
export const countMatches = computed(() => differences.value?.length === 0);

/** Begins to check the log behind the page, and goes on as it grows. */
export function startChecking(): void {
  onEntry(() => askSoon(RECHECK_MS));
  effect(() => {
    if (status.value && (detail.value || releases.value)) askSoon(0);
  });
  effect(() => {
    const found = result.value;
    if (found?.kind === 'alarm') alarms.value = [found.reason];
    else if (found?.kind === 'counted' && found.alarms.length > 0) alarms.value = found.alarms;
    else judge(differences.value ?? [], now.value);
  });
}

function judge(found: readonly string[], nowMs: number): void {
  if (found.length === 0) {
    differsSinceMs = 0;
    if (alarms.peek().length > 0) alarms.value = [];
    return;
  }
  if (differsSinceMs === 0) {
    differsSinceMs = nowMs;
    refreshSoon(RECHECK_MS);
    askSoon(RECHECK_MS);
  }
  const counted = result.peek();
  const growing = counted?.kind === 'counted' && counted.head.size !== status.peek()?.size;
  if (nowMs - differsSinceMs < (growing ? GROWING_MS : SETTLING_MS)) return;
  alarms.value = found.map((difference) => `the tally shows something else than the log says: ${difference}`);
}

/** Asks the worker after a moment; while it works, one further question waits. */
function askSoon(delayMs: number): void {
  wanted = true;
  clearTimeout(timer);
  timer = setTimeout(ask, delayMs);
}

function ask(): void {
  const network = status.peek();
  if (busy || !wanted || !network) return;
  wanted = false;
  busy = true;
  const request: CheckRequest = {
    logKey: network.logKey,
    digest: detail.peek()?.digest,
    seen: headSeenOf(network.logKey),
  };
  (worker ??= startWorker()).postMessage(request);
}

function startWorker(): Worker {
  const made = new Worker(new URL('./check.worker.ts', import.meta.url), { type: 'module' });
  made.addEventListener('message', (event: MessageEvent<CheckReport>) => take(event.data));
  made.addEventListener('error', () => {
    made.terminate();
    worker = undefined;
    take({ type: 'result', result: { kind: 'undone', reason: 'this browser could not run the check' } });
  });
  return made;
}

function take(report: CheckReport): void {
  if (report.type === 'progress') {
    progress.value = { done: report.done, total: report.total };
    return;
  }
  busy = false;
  progress.value = undefined;
  result.value = report.result;
  const logKey = status.peek()?.logKey;
  if (report.result.kind === 'counted' && logKey !== undefined) {
    keepSeen({ logKey, ...report.result.head });
  }
  if (report.result.kind === 'undone') askSoon(RETRY_MS);
  else if (wanted) askSoon(RECHECK_MS);
}

function headSeenOf(logKey: string): SeenHead | undefined {
  const seen = readSeen();
  if (seen && seen.logKey !== logKey) keyChanged.value = true;
  return seen?.logKey === logKey ? seen : undefined;
}
