import { createHash } from 'node:crypto';
import { equalBytes, toHex } from '../bytes/index.ts';
import type { Finding } from './alarm.ts';
import type { History } from './history.ts';
import type { MonitorLimits } from './limits.ts';
import { openView, type SignedView } from './signed-view.ts';

/** A place that shows checkpoints of the log: another way to its tally, a mirror, a witness. */
export interface ViewPlace {
  readonly url: URL;
}

/** `<prefix>/checkpoint`, as logs and mirrors serve it. */
export function mirrorPlace(prefix: string): ViewPlace {
  return { url: new URL('checkpoint', withSlash(prefix)) };
}

/** `<prefix>/<origin hash>/checkpoint`, as witnesses serve it (C2SP tlog-witness). */
export function witnessPlace(prefix: string, origin: string): ViewPlace {
  const hash = createHash('sha256').update(origin).digest('hex');
  return { url: new URL(`${hash}/checkpoint`, withSlash(prefix)) };
}

interface PendingView {
  readonly view: SignedView;
  readonly where: string;
  readonly sinceMs: number;
}

/**
 * Holds what others show of a log against what it shows here: an operator that keeps two histories signs both, and has to
 * keep everybody apart for ever.
 */
export class Views {
  readonly #places: readonly ViewPlace[];
  readonly #logKey: string;
  readonly #history: History;
  readonly #limits: MonitorLimits;
  /** Larger than what is shown here, by size and root. */
  readonly #pending = new Map<string, PendingView>();

  constructor(parts: {
    places: readonly ViewPlace[];
    logKey: string;
    history: History;
    limits: MonitorLimits;
  }) {
    this.#places = parts.places;
    this.#logKey = parts.logKey;
    this.#history = parts.history;
    this.#limits = parts.limits;
  }

  /** Looks at every place; what it finds out, and the places that gave nothing. */
  async compare(
    own: SignedView,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly findings: readonly Finding[]; readonly silent: readonly string[] }> {
    const findings: Finding[] = [];
    const silent: string[] = [];
    for (const { url } of this.#places) {
      const note = await this.#fetch(url, signal);
      const view = note === undefined ? undefined : openView(note, this.#logKey);
      if (view === undefined) silent.push(url.href);
      else this.#keep({ view, where: url.href, sinceMs: nowMs });
    }
    for (const [key, pending] of this.#pending) {
      const { view, where, sinceMs } = pending;
      if (view.size <= own.size) {
        this.#pending.delete(key);
        if (!equalBytes(this.#history.tree.rootAt(view.size), view.root))
          findings.push(this.#fork(own, pending));
      } else if (nowMs - sinceMs > this.#limits.behindSeconds * 1000) {
        findings.push({
          kind: 'freeze',
          key: 'held back',
          message: `the log shows ${own.size} entries here, and signed ${view.size} that ${where} shows since ${Math.round((nowMs - sinceMs) / 1000)} s`,
          evidence: { 'shown-here.checkpoint': own.note, 'shown-elsewhere.checkpoint': view.note },
        });
      }
    }
    return { findings, silent };
  }

  #keep(pending: PendingView): void {
    const key = `${pending.view.size} ${toHex(pending.view.root)}`;
    if (!this.#pending.has(key) && this.#pending.size < this.#limits.pendingViews)
      this.#pending.set(key, pending);
  }

  #fork(own: SignedView, { view, where }: PendingView): Finding {
    const { tree } = this.#history;
    return {
      kind: 'fork',
      key: `${view.size} ${toHex(view.root)}`,
      message: `the log signed another tree of ${view.size} entries for ${where} than the one it shows here`,
      evidence: {
        'shown-here.checkpoint': own.note,
        'shown-elsewhere.checkpoint': view.note,
        // With these, the first checkpoint proves which root the tree has at the size of the second.
        'shown-here.root': Buffer.from(`${view.size} ${toHex(tree.rootAt(view.size))}\n`),
      },
    };
  }

  async #fetch(url: URL, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { requestMs, checkpointBytes } = this.#limits;
    try {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
      const response = await fetch(url, { redirect: 'error', signal: bound });
      if (!response.ok) return undefined;
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of response.body ?? []) {
        length += chunk.length;
        if (length > checkpointBytes) return undefined;
        chunks.push(chunk);
      }
      return Buffer.concat(chunks, length);
    } catch {
      signal.throwIfAborted();
      return undefined; // told as a place that is silent
    }
  }
}

function withSlash(prefix: string): URL {
  const url = new URL(prefix);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
