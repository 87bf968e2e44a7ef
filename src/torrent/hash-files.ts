import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DiskFile, isUnchanged, lookAt } from './disk-file.ts';
import { TorrentError } from './error.ts';
import type { HashProblem } from './hash-files.worker.ts';
import { CONTROL, type HashPlan, type PlanOptions, planHashing, SHA256_BYTES } from './hash-plan.ts';
import { HashThreads } from './hash-threads.ts';
import { UnitError, UnitHasher, type UnitProblem } from './unit-hasher.ts';

/** How far hashing is. */
export interface HashProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What whoever hashes files may ask for. */
export interface HashOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called about ten times a second, and once at the end. */
  readonly onProgress?: ((progress: HashProgress) => void) | undefined;
  /** Threads that hash, this one included; as many as the machine has processors when left out. */
  readonly threads?: number | undefined;
}

/** Hashes of files, in their order. */
export interface FileHashes {
  /** Piece layer of each file longer than a piece; the pieces root alone of a shorter one; empty for an empty one. */
  readonly layers: readonly Uint8Array[];
  /** SHA-1 of all pieces, 20 bytes each, when they were asked for. */
  readonly v1Hashes: Uint8Array;
}

/** This thread hashes for so long, then the event loop gets a turn. */
const SLICE_MS = 12;
const PROGRESS_MS = 100;

/**
 * Hashes files on several threads, this one included: they claim units of work from one shared list, so none
 * waits for another. Memory is bounded: a megabyte and a half a thread, and about 60 bytes a piece. Throws a
 * {@link TorrentError}: `unreadable`, `changed-while-hashing`; or the signal's reason.
 *
 * @param threads those that were started while the files were being listed
 */
export async function hashFiles(
  files: readonly DiskFile[],
  plan: PlanOptions,
  options: HashOptions,
  threads = new HashThreads(options.threads),
): Promise<FileHashes> {
  options.signal?.throwIfAborted();
  const work = planHashing(files, plan);
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  threads.foresee(totalBytes, files.length);
  const shares = threads.share(work);
  const report = (): void => {
    options.onProgress?.({ doneBytes: Number(Atomics.load(work.progress, 0)), totalBytes });
  };
  const timer = setInterval(report, PROGRESS_MS);
  const stop = (): void => void Atomics.store(work.control, CONTROL.stop, 1);
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const problems = await Promise.all([hashHere(work), ...shares]);
    options.signal?.throwIfAborted();
    const problem = problems.find((each) => each !== undefined);
    if (problem) throw refused(problem.problem, files[problem.fileIndex] as DiskFile, problem.reason);
    mustBeUnchanged(files, work.unitBytes);
  } finally {
    stop();
    clearInterval(timer);
    options.signal?.removeEventListener('abort', stop);
  }
  report();
  return collect(work, files);
}

/** This thread's share: units for some milliseconds, then a turn of the event loop. */
async function hashHere(plan: HashPlan): Promise<HashProblem | undefined> {
  const hasher = new UnitHasher(plan);
  try {
    let more = true;
    while (more) {
      const turnAt = performance.now() + SLICE_MS;
      while (more && performance.now() < turnAt) more = hasher.hashNext();
      await nextTurn();
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    Atomics.store(plan.control, CONTROL.stop, 1);
    return { fileIndex: error.fileIndex, problem: error.problem, reason: error.message };
  }
}

/** Files of one unit were checked after their only read; the others are looked at again. */
function mustBeUnchanged(files: readonly DiskFile[], unitBytes: number): void {
  for (const file of files) {
    if (file.sizeBytes <= unitBytes) continue;
    if (!isUnchanged(file, lookAt(file.diskPath))) {
      throw refused('changed', file, 'its size or times are other than before');
    }
  }
}

function refused(problem: UnitProblem, file: DiskFile, reason: string): TorrentError {
  return problem === 'changed'
    ? new TorrentError(
        'changed-while-hashing',
        `${file.diskPath} changed while it was hashed (${reason}): try again when nothing writes to it`,
      )
    : new TorrentError('unreadable', `${file.diskPath} cannot be read: ${reason}`);
}

function collect(plan: HashPlan, files: readonly DiskFile[]): FileHashes {
  const hashes = Uint8Array.from(plan.hashes);
  const layers = files.map((file, index) => {
    const first = plan.firstPiece[index] as number;
    const pieces = Math.ceil(file.sizeBytes / plan.pieceLength);
    return hashes.subarray(first * SHA256_BYTES, (first + pieces) * SHA256_BYTES);
  });
  return { layers, v1Hashes: Uint8Array.from(plan.sha1Hashes) };
}
