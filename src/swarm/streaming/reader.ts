import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { Bitfield } from '../bitfield.ts';
import type { Content } from '../disk/content.ts';
import { diskError } from '../disk/disk-error.ts';
import { SwarmError } from '../error.ts';
import { ReadWindow } from '../fetching/urgency.ts';
import type { Layout, LayoutFile } from '../layout.ts';
import type { Arrivals } from './arrivals.ts';

const readFile = promisify(read);

/** Most bytes of one chunk. */
const CHUNK_BYTES = 256 * 1024;
/** How far ahead of its position a reader wants pieces at once, and at least how many. */
const AHEAD_BYTES = 8 * 1024 * 1024;
const LEAST_AHEAD = 2;
/** Most readers of one swarm at once. */
const MOST_READERS = 64;

export interface ReaderParts {
  readonly layout: Layout;
  readonly content: Content;
  /** What is here and verified. */
  readonly have: Bitfield;
  readonly arrivals: Arrivals;
  /** Pieces in the window are fetched first from now on. */
  readonly open: (window: ReadWindow) => void;
  readonly close: (window: ReadWindow) => void;
  readonly now: () => number;
}

/** Bytes of a file, `end` not included. */
export interface ReadSpan {
  readonly file: LayoutFile;
  readonly start: number;
  readonly end: number;
}

/** Gives bytes of files as they come, each only after its piece was verified. */
export class Readers {
  readonly #parts: ReaderParts;
  #count = 0;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** The file and the bytes that are meant. Throws `bad-range`. */
  spanOf(index: number, start: number, end: number | undefined): ReadSpan {
    const { files } = this.#parts.layout;
    const file = files[index];
    if (!file) throw new SwarmError('bad-range', `file ${index} is none of ${files.length}: the first is 0`);
    const stop = end ?? file.sizeBytes;
    if (
      !Number.isInteger(start) ||
      !Number.isInteger(stop) ||
      start < 0 ||
      start > stop ||
      stop > file.sizeBytes
    ) {
      throw new SwarmError(
        'bad-range',
        `bytes ${start} to ${stop} are not within ${JSON.stringify(file.path.join('/'))}, which has ${file.sizeBytes}`,
      );
    }
    return { file, start, end: stop };
  }

  /** Chunks of verified bytes. Nothing is fetched sooner for it before it is iterated, nor after it was left. */
  async *read({ file, start, end }: ReadSpan, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    signal.throwIfAborted();
    if (this.#count >= MOST_READERS) {
      throw new SwarmError('too-many-readers', `this torrent is read by ${this.#count} readers and no more`);
    }
    const { have, arrivals, now, layout } = this.#parts;
    const { first, last } = piecesOf({ file, start, end }, layout);
    const window = new ReadWindow(first, first);
    const close = (): void => this.#parts.close(window);
    signal.addEventListener('abort', close, { once: true });
    this.#count += 1;
    try {
      for (let at = start; at < end; ) {
        const piece = file.firstPiece + Math.floor(at / layout.pieceLength);
        this.#advance(window, piece, last);
        if (!have.has(piece)) {
          window.waitingSinceMs = now();
          await arrivals.wait(piece, signal);
          window.waitingSinceMs = undefined;
        }
        const bytes = await this.#chunk({ file, start: at, end });
        signal.throwIfAborted();
        at += bytes.length;
        yield bytes;
      }
    } finally {
      this.#count -= 1;
      signal.removeEventListener('abort', close);
      close();
    }
  }

  #advance(window: ReadWindow, piece: number, last: number): void {
    const { layout, have } = this.#parts;
    const isNew = window.end === window.first;
    const ahead = Math.max(LEAST_AHEAD, Math.ceil(AHEAD_BYTES / layout.pieceLength));
    window.first = piece;
    window.end = Math.min(last + 1, piece + ahead);
    if (isNew && !have.isFull) this.#parts.open(window);
  }

  /** As many bytes from the start as are here, up to a chunk. */
  async #chunk({ file, start, end }: ReadSpan): Promise<Uint8Array> {
    const { layout, have, content } = this.#parts;
    const { pieceLength } = layout;
    const most = Math.min(end, start + CHUNK_BYTES);
    let stop = Math.min(most, (Math.floor(start / pieceLength) + 1) * pieceLength);
    while (stop < most && have.has(file.firstPiece + stop / pieceLength))
      stop = Math.min(most, stop + pieceLength);
    const bytes = Buffer.allocUnsafeSlow(stop - start);
    const lease = await content.borrow(file, 'read');
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await readFile(lease.fd, bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new SwarmError('disk', `${content.pathOf(file)} has become shorter`);
        done += bytesRead;
      }
    } catch (cause) {
      if (cause instanceof SwarmError) throw cause;
      throw diskError(content.pathOf(file), 'read', cause as NodeJS.ErrnoException);
    } finally {
      lease.release();
    }
    return bytes;
  }
}

function piecesOf({ file, start, end }: ReadSpan, { pieceLength }: Layout): { first: number; last: number } {
  return {
    first: file.firstPiece + Math.floor(start / pieceLength),
    last: file.firstPiece + Math.floor(Math.max(start, end - 1) / pieceLength),
  };
}
