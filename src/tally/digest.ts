import { toHex, toUtf8 } from '../bytes/index.ts';
import { LargeMap } from './large-map.ts';
import { Register } from './register.ts';
import type { Tally } from './state.ts';

/**
 * SHA-256 (hex) over a tally's whole state as JSON with sorted keys: two counts of one log that differ
 * anywhere differ here, whether they ran in Node or a browser, at once or entry by entry.
 */
export function tallyDigest(tally: Tally): string {
  const { context, light, ...state } = tally;
  const text = JSON.stringify(
    sortedForm({
      origin: context.origin,
      logKey: context.logKey,
      ...state,
      // Which values wait to be hashed is no part of what the count came to.
      light: { ...light, dirty: undefined },
    }),
  );
  return toHex(context.sha256(toUtf8(text)));
}

/** Plain JSON with one order: maps and sets become sorted arrays, objects have sorted keys. */
function sortedForm(value: unknown): unknown {
  if (value instanceof Map || value instanceof LargeMap || value instanceof Register) {
    const pairs = [...(value as Iterable<[string, unknown]>)].sort(([left], [right]) =>
      left < right ? -1 : 1,
    );
    return pairs.map(([key, inner]) => [key, sortedForm(inner)]);
  }
  if (value instanceof Set) return [...(value as ReadonlySet<string>)].sort();
  if (Array.isArray(value)) return value.map(sortedForm);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortedForm(inner)]));
}
