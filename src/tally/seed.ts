import { concatBytes, toUtf8 } from '../bytes/index.ts';
import type { Moment } from './life.ts';
import type { Tally } from './state.ts';

/**
 * The seed that an entry's own place gives: `SHA-256(label ‖ SHA-256(origin) ‖ index ‖ timeMs)`, both numbers 8
 * bytes big-endian. Nobody but the log's operator can know it beforehand; the operator could try until a lot suits
 * it.
 */
export function seedOfEntry(tally: Tally, label: string, { index, timeMs }: Moment): Uint8Array {
  const { sha256, origin } = tally.context;
  const numbers = new Uint8Array(16);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, BigInt(index));
  view.setBigUint64(8, BigInt(timeMs));
  return sha256(concatBytes(toUtf8(label), sha256(toUtf8(origin)), numbers));
}
