import { hash } from 'node:crypto';
import process from 'node:process';
import { HASH_BYTES } from '../merkle/index.ts';
import { loadNative, nativePath } from './native.ts';

/** Set to `off` to do without the native part, as where there is none. */
const SWITCH = 'BITQUORUM_NATIVE';

const native = process.env[SWITCH] === 'off' ? undefined : loadNative(nativePath());

/** What hashes here, for those who measure. */
export const hashedBy = native ? `native, ${native.lanes} rows at a time` : 'node:crypto';

/**
 * SHA-256 of each row of some data, one after the other: 32 bytes each, into `out` from `outAt`. Rows have `rowBytes`; the
 * last may be shorter. `out` may lie over the data from where that begins, if rows are no shorter than hashes: each is
 * written where all has been read. `rows`: views of the whole rows, by {@link rowsOf}, where there are any.
 */
export function hashRows(
  data: Uint8Array,
  rowBytes: number,
  out: Uint8Array,
  outAt = 0,
  rows?: readonly Uint8Array[],
): void {
  if (native) native.hashRows(data, rowBytes, out, outAt);
  else hashByCrypto(data, rowBytes, out, outAt, rows);
}

/** Views of all rows of memory that is hashed again and again; `undefined` where hashing needs none. */
export function rowsOf(data: Uint8Array, rowBytes: number): readonly Uint8Array[] | undefined {
  if (native) return undefined;
  return Array.from({ length: Math.floor(data.length / rowBytes) }, (_, index) =>
    data.subarray(index * rowBytes, (index + 1) * rowBytes),
  );
}

/** {@link hashRows} without the native part. A digest as text costs less than half of one as a buffer. */
export function hashByCrypto(
  data: Uint8Array,
  rowBytes: number,
  out: Uint8Array,
  outAt: number,
  rows: readonly Uint8Array[] | undefined,
): void {
  const digests = out instanceof Buffer ? out : Buffer.from(out.buffer, out.byteOffset, out.length);
  const { length } = data;
  for (let row = 0, start = 0, at = outAt; start < length; row += 1, start += rowBytes, at += HASH_BYTES) {
    const view = start + rowBytes <= length ? rows?.[row] : undefined;
    digests.write(
      hash('sha256', view ?? data.subarray(start, start + rowBytes), 'binary'),
      at,
      HASH_BYTES,
      'binary',
    );
  }
}
