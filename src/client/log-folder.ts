import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTilePath, tileWidthAt } from '../merkle/index.ts';
import { ClientError } from './errors.ts';
import type { LogSource } from './log-source.ts';

/**
 * A copy of a log's files in a folder, as the log serves them (C2SP tlog-tiles): `checkpoint` and `tile/entries/…`.
 * It is believed no more than a tally. Throws `not-found` for a file that is not there.
 */
export class LogFolder implements LogSource {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  checkpoint({ signal }: { readonly signal: AbortSignal }): Promise<Uint8Array> {
    return this.#read('checkpoint', signal);
  }

  entryBundle(
    index: number,
    size: number,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Uint8Array> {
    const width = tileWidthAt('entries', index, size);
    return this.#read(formatTilePath({ level: 'entries', index, width }), signal);
  }

  async #read(path: string, signal: AbortSignal): Promise<Uint8Array> {
    const file = join(this.#folder, path);
    try {
      return await readFile(file, { signal });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      throw new ClientError('not-found', `${file} is not there: copy the log's files whole`, { cause });
    }
  }
}
