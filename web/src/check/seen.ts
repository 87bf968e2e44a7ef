import type { SeenHead } from './messages.ts';

/** The newest head that this browser has checked at this address, and the key that signed it. */
export interface SeenLog extends SeenHead {
  readonly logKey: string;
}

const NAME = 'bitquorum seen log';

/** What was kept at the last visit; nothing where the browser keeps nothing. */
export function readSeen(): SeenLog | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { logKey, size, root } = kept as Partial<Record<keyof SeenLog, unknown>>;
    if (typeof logKey !== 'string' || typeof root !== 'string' || !Number.isSafeInteger(size))
      return undefined;
    return { logKey, size: size as number, root };
  } catch {
    return undefined; // no storage here: this visit begins without a memory
  }
}

/** Keeps a head for the next visit, in place of the one before. */
export function keepSeen(seen: SeenLog): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(seen));
  } catch {
    // no storage here: the next visit begins without a memory
  }
}
