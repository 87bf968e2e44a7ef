import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** SHA-256 of each row of some data into `out` from `outAt`; see `hashRows`. Throws for what does not fit. */
export type HashRows = (data: Uint8Array, rowBytes: number, out: Uint8Array, outAt: number) => void;

/** The native part. */
export interface Native {
  readonly hashRows: HashRows;
  /** Rows that are hashed side by side on this processor. */
  readonly lanes: number;
}

/** Its sources, and the one that takes in the others. */
const SOURCES = fileURLToPath(new URL('./native/', import.meta.url));
export const NATIVE_SOURCE = join(SOURCES, 'rows.c');
const BUILD = fileURLToPath(new URL('../../build/native/', import.meta.url));
/** Bytes that are hashed both ways before the native part is trusted: many whole rows, an odd one, and a short one. */
const TRIAL_BYTES = 19 * 256 + 77;
const TRIAL_ROWS = [64, 256] as const;

/** Where the native part of this source is once it was compiled; another source has another place. */
export function nativePath(): string {
  const sources = readdirSync(SOURCES).sort();
  const source = Buffer.concat(sources.map((name) => readFileSync(join(SOURCES, name))));
  return `${BUILD}sha256-${process.platform}-${process.arch}-${hash('sha256', source).slice(0, 16)}.node`;
}

/** The native part at a path; `undefined` where there is none, or none that this processor can run, or one that hashes wrongly. */
export function loadNative(path: string): Native | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { hashRows, lanes = 0 } = createRequire(import.meta.url)(path) as Partial<Native>;
    return hashRows && isRight(hashRows) ? { hashRows, lanes } : undefined;
  } catch {
    return undefined; // made for another system: node:crypto does the same
  }
}

/** Whether it hashes as `node:crypto` does. */
export function isRight(hashRows: HashRows): boolean {
  const data = Uint8Array.from({ length: TRIAL_BYTES }, (_, index) => index * 7);
  return TRIAL_ROWS.every((rowBytes) => {
    const count = Math.ceil(data.length / rowBytes);
    const out = Buffer.alloc(count * 32);
    hashRows(data, rowBytes, out, 0);
    return Array.from(
      { length: count },
      (_, row) =>
        hash('sha256', data.subarray(row * rowBytes, (row + 1) * rowBytes)) ===
        out.toString('hex', row * 32, (row + 1) * 32),
    ).every(Boolean);
  });
}
