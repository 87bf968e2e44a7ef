import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { Entry } from '../../src/tally/index.ts';

/** Bytes that are written or read at once. */
const CHUNK_BYTES = 1 << 20;

/** Puts entries into a file, a line of JSON each: so that who counts them holds nothing of who made them. */
export class EntriesFile {
  readonly #file: number;
  #lines: string[] = [];
  #pending = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  add(entry: Entry): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.#lines.push(line);
    this.#pending += line.length;
    if (this.#pending >= CHUNK_BYTES) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, this.#lines.join(''));
    this.#lines = [];
    this.#pending = 0;
  }
}

/** Reads what an {@link EntriesFile} wrote, a chunk at a time; between chunks, other tasks have their turn. */
export async function* readEntries(path: string): AsyncGenerator<Entry> {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(CHUNK_BYTES);
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const length = readSync(file, chunk);
    if (length === 0) break;
    const lines = (rest + decoder.decode(chunk.subarray(0, length), { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Entry;
    await turn();
  }
  closeSync(file);
}
