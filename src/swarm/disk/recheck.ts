import { read } from 'node:fs';
import { promisify } from 'node:util';
import { Bitfield } from '../bitfield.ts';
import { SwarmError } from '../error.ts';
import type { HashPool } from '../hashing/hash-pool.ts';
import type { LayoutFile } from '../layout.ts';
import type { Content } from './content.ts';
import { diskError } from './disk-error.ts';
import { inconsistent, type PieceSource, pieceJob } from './piece-job.ts';
import type { RunMemory } from './run-memory.ts';

const readFrom = promisify(read);

export interface RecheckParts extends PieceSource {
  readonly content: Pick<Content, 'borrow' | 'pathOf'>;
  readonly pool: HashPool;
  readonly memory: RunMemory;
  readonly signal: AbortSignal;
  /** Called for each piece that is right, with the bytes of all of them so far. */
  readonly onRight?: (haveBytes: number) => void;
}

/** Some whole pieces of a file that lie behind one another. */
interface Run {
  readonly file: LayoutFile;
  readonly firstPiece: number;
  readonly pieces: number;
}

/**
 * Which pieces of some files are on disk and right: each is read and hashed in the hashing threads, by SHA-256 and for
 * hybrids by SHA-1 as well. Pieces whose hash is unknown do not count. Throws `disk`, `inconsistent-hybrid`, or the
 * signal's reason.
 */
export async function recheck(parts: RecheckParts, files: readonly LayoutFile[]): Promise<Bitfield> {
  const { layout, memory } = parts;
  const have = new Bitfield(layout.pieceCount);
  const { runBytes, lanes } = memory.plan(layout.pieceLength);
  const runs = runsOf(files, runBytes / layout.pieceLength);
  let haveBytes = 0;
  const onRight = (pieceIndex: number): void => {
    have.set(pieceIndex);
    haveBytes += layout.place(pieceIndex).length;
    parts.onRight?.(haveBytes);
  };
  const lane = async (): Promise<void> => {
    let buffer: Uint8Array | undefined;
    try {
      for (const run of runs) {
        parts.signal.throwIfAborted();
        buffer ??= memory.take(runBytes);
        await checkRun(parts, run, buffer, onRight);
      }
    } finally {
      if (buffer) memory.give(buffer);
    }
  };
  for (const outcome of await Promise.allSettled(Array.from({ length: lanes }, lane))) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
  return have;
}

function* runsOf(files: readonly LayoutFile[], piecesPerRun: number): Generator<Run, void> {
  for (const file of files) {
    for (let done = 0; done < file.pieceCount; done += piecesPerRun) {
      const pieces = Math.min(piecesPerRun, file.pieceCount - done);
      yield { file, firstPiece: file.firstPiece + done, pieces };
    }
  }
}

async function checkRun(
  parts: RecheckParts,
  { file, firstPiece, pieces }: Run,
  buffer: Uint8Array,
  onRight: (pieceIndex: number) => void,
): Promise<void> {
  const { layout, hashes, content, pool, metainfo } = parts;
  const from = layout.place(firstPiece).position;
  const wanted = buffer.subarray(0, Math.min(file.sizeBytes - from, pieces * layout.pieceLength));
  const lease = await content.borrow(file, 'read');
  let length: number;
  try {
    length = await readFully(lease.fd, wanted, from);
  } catch (cause) {
    throw diskError(content.pathOf(file), 'read', cause as NodeJS.ErrnoException);
  } finally {
    lease.release();
  }
  const jobs: Promise<void>[] = [];
  for (let at = 0; at < pieces; at += 1) {
    const pieceIndex = firstPiece + at;
    const start = at * layout.pieceLength;
    const end = start + layout.place(pieceIndex).length;
    if (end > length || !hashes.of(pieceIndex)) continue;
    const data = buffer.subarray(start, end);
    jobs.push(
      pool.run(pieceJob(parts, pieceIndex, data)).then((outcome) => {
        if (outcome.kind === 'right') onRight(pieceIndex);
        else if (outcome.kind === 'inconsistent') throw inconsistent(metainfo.infoHashV2, pieceIndex);
        else if (outcome.kind === 'failed') throw new SwarmError('disk', outcome.message);
      }),
    );
  }
  // All of them, since they read from the buffer.
  for (const outcome of await Promise.allSettled(jobs)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Reads as much as there is. */
async function readFully(fd: number, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await readFrom(fd, into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
