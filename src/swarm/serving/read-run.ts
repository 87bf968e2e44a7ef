import { readv, readvSync } from 'node:fs';
import { promisify } from 'node:util';
import { SwarmError } from '../error.ts';
import type { RecentReads } from './recent-reads.ts';

const readInto = promisify(readv);

/** Data that lies together in a file, and where it goes. */
export interface Run {
  readonly fd: number;
  /** Of the first byte in the file. */
  readonly position: number;
  readonly views: readonly Uint8Array[];
  readonly firstPiece: number;
  readonly lastPiece: number;
  /** Of the file in the torrent; for messages. */
  readonly path: readonly string[];
}

/** Reads a run by one system call, at once where it comes from memory. Throws `disk` unless all of it is there. */
export async function readRun(run: Run, recent: RecentReads): Promise<void> {
  const { fd, views, position, firstPiece, lastPiece } = run;
  let expected = 0;
  for (const view of views) expected += view.length;
  let bytesRead: number;
  try {
    if (recent.holds(firstPiece, lastPiece)) {
      const startedMs = performance.now();
      bytesRead = readvSync(fd, views, position);
      recent.read(firstPiece, lastPiece, performance.now() - startedMs);
    } else {
      ({ bytesRead } = await readInto(fd, views, position));
      recent.read(firstPiece, lastPiece);
    }
  } catch (cause) {
    throw new SwarmError('disk', `${nameOf(run)} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (bytesRead !== expected) {
    throw new SwarmError('disk', `${nameOf(run)} has changed: it is shorter than the torrent says`);
  }
}

function nameOf({ path }: Run): string {
  return JSON.stringify(path.join('/'));
}
