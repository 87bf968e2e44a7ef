import { closeSync, ftruncateSync, lstatSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
/** How much of it is free before the downloader needs it. */
const AHEAD_BYTES = 96 * MIB;
/** How often the downloader's growth is looked at. */
const LOOK_MS = 20;

/**
 * Memory that the machine has, kept for what a downloader will write. The host of a virtual machine takes back what
 * has been free for a moment, and whoever gets it next pays for the fault, up to ten times the cost of the write: that
 * would measure the host. So a file in the page cache holds the memory, and shrinks as the target grows.
 */
export class WarmMemory {
  readonly #path: string;
  #handle: number | undefined;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `path`: of the file. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes memory: as much as will be written, and what the sides themselves may need. */
  fill(bytes: number): void {
    const block = Buffer.alloc(MIB, 1);
    this.#handle = openSync(this.#path, 'w');
    for (this.#bytes = 0; this.#bytes < bytes; this.#bytes += MIB) writeSync(this.#handle, block);
  }

  /** Gives it back as `folder` fills. */
  follow(folder: string): void {
    const whole = this.#bytes;
    const look = (): void => {
      const left = Math.max(0, whole - bytesOnDisk(folder) - AHEAD_BYTES);
      if (left >= this.#bytes || this.#handle === undefined) return;
      this.#bytes = left;
      ftruncateSync(this.#handle, left);
    };
    look();
    this.#timer = setInterval(look, LOOK_MS);
  }

  release(): void {
    clearInterval(this.#timer);
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
    rmSync(this.#path, { force: true });
  }
}

/** What the files of a folder take on disk; what is renamed meanwhile counts as nothing. */
function bytesOnDisk(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += bytesOnDisk(path);
      else bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return bytes;
}
