import { signal } from '@preact/signals';
import type { SeederCount } from './types.ts';

/** Whether the page hears of new entries as they come. */
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');

/** What the tally tells while it happens (`/api/v1/events`). */
export interface LiveListener {
  /** An entry was appended; `release` is the digest it speaks of, if it speaks of one. */
  entry(entry: { index: number; release: string | undefined }): void;
  seeders(infoHashV2: string, count: SeederCount): void;
  /** The stream is back after a gap: anything may have been missed. */
  resumed(): void;
}

const REOPEN_MS = 5000;

/** Follows the tally until the signal aborts. The browser reconnects by itself, with `Last-Event-ID`. */
export function followTally(listener: LiveListener, stop: AbortSignal): void {
  let opened = false;
  const open = (): void => {
    if (stop.aborted) return;
    const source = new EventSource('/api/v1/events');
    stop.addEventListener('abort', () => source.close(), { once: true });
    source.addEventListener('open', () => {
      connection.value = 'live';
      if (opened) listener.resumed();
      opened = true;
    });
    source.addEventListener('error', () => {
      connection.value = 'lost';
      if (source.readyState !== EventSource.CLOSED) return;
      source.close(); // an HTTP error ends the browser's own attempts
      setTimeout(() => {
        listener.resumed(); // without a stream the page still asks now and then
        open();
      }, REOPEN_MS);
    });
    source.addEventListener('entry', (event) => {
      const entry = readObject(event.data);
      if (!entry || typeof entry['index'] !== 'number') return;
      const release = typeof entry['release'] === 'string' ? entry['release'] : undefined;
      listener.entry({ index: entry['index'], release });
    });
    source.addEventListener('seeders', (event) => {
      const said = readObject(event.data);
      const { infoHashV2, live, reputable } = said ?? {};
      if (typeof infoHashV2 !== 'string' || typeof live !== 'number') return;
      listener.seeders(infoHashV2, { live, reputable: typeof reputable === 'number' ? reputable : 0 });
    });
  };
  open();
}

function readObject(data: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(String(data));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // an event that is no JSON tells nothing: the next refresh will
  }
}
