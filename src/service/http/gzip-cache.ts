import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/**
 * Compresses what never changes, and keeps it: whoever comes second, or at the same time, gets the same bytes. Only so
 * many bytes are kept; what was not asked for longest goes first.
 */
export class GzipCache {
  readonly #mostBytes: number;
  readonly #kept = new Map<string, Buffer>();
  readonly #running = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The bytes under a name in gzip (RFC 1952); `read` gives them when they are not kept, undefined for none. */
  async get(name: string, read: () => Promise<Uint8Array | undefined>): Promise<Buffer | undefined> {
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      this.#kept.delete(name);
      this.#kept.set(name, kept);
      return kept;
    }
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const bytes = await read();
    if (bytes === undefined) return undefined;
    return this.#running.get(name) ?? this.#compress(name, bytes);
  }

  #compress(name: string, bytes: Uint8Array): Promise<Buffer> {
    const work = compress(bytes).then((compressed) => {
      this.#keep(name, compressed);
      return compressed;
    });
    this.#running.set(name, work);
    return work.finally(() => this.#running.delete(name));
  }

  #keep(name: string, compressed: Buffer): void {
    this.#kept.set(name, compressed);
    this.#bytes += compressed.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#kept.delete(oldest);
      this.#bytes -= length;
    }
  }
}
