import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../bytes/index.ts';
import { readIfThere } from '../files/index.ts';
import { keepFile, logFile } from './log-file.ts';

const DIGEST_BYTES = 32;

/**
 * Full entry bundles of one log, kept so that a count of the whole log fetches each only once. They are believed no
 * more than what comes from the tally: the tree is computed from them again. Each file ends with its own SHA-256, so
 * that a damaged one is fetched again instead of being taken for the log's fault.
 */
export class KeptBundles {
  readonly #folder: string;

  constructor(folder: string, vkey: string) {
    this.#folder = logFile(folder, vkey, 'entries');
  }

  /** A bundle that was kept whole. */
  async read(index: number): Promise<Uint8Array | undefined> {
    const file = await readIfThere(this.#path(index));
    if (file === undefined) return undefined;
    const bundle = file.subarray(0, -DIGEST_BYTES);
    return equalBytes(digestOf(bundle), file.subarray(-DIGEST_BYTES)) ? bundle : undefined;
  }

  async write(index: number, bundle: Uint8Array): Promise<void> {
    await keepFile(this.#path(index), Buffer.concat([bundle, digestOf(bundle)]));
  }

  /** Forgets everything: what a log that contradicts itself gave is not to be read again. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #path(index: number): string {
    return join(this.#folder, String(Math.floor(index / 1000)), String(index));
  }
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
