import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programOf } from '../support/needs.ts';

/** What a libtorrent process is told to do. */
export interface Order {
  /** Address and port to listen on, as libtorrent writes them: `127.0.0.1:0`. */
  readonly listen: string;
  readonly folder: string;
  /** Path of a `.torrent` file, or else a magnet link. */
  readonly torrent?: string;
  readonly magnet?: string;
  readonly peers?: readonly (readonly [host: string, port: number])[];
  /** Trusts the content without hashing it. */
  readonly seedMode?: boolean;
  /** How long it lives. Default 60. */
  readonly seconds?: number;
  /** `on` takes and makes encrypted connections only. */
  readonly encryption?: 'on' | 'off';
  /** What may follow the encrypted handshake. Default: either. */
  readonly payload?: 'plain' | 'rc4';
}

/** A running libtorrent session. */
export interface LibtorrentPeer {
  readonly port: number;
  /** Resolves when it has everything. */
  readonly complete: Promise<void>;
  /** What it complained about so far. */
  readonly notes: readonly string[];
}

/** libtorrent ended before it had everything. */
class LibtorrentEnded extends Error {
  /** Its own number of the error that the torrent ended with. */
  readonly code: number | undefined;

  constructor(code: number | undefined, notes: readonly string[]) {
    super(`libtorrent ended: ${notes.join('; ')}`);
    this.code = code;
  }
}

/** Starts the real libtorrent in a process of its own; it ends with the test. */
export async function startLibtorrent(context: TestContext, order: Order): Promise<LibtorrentPeer> {
  const script = fileURLToPath(new URL('./libtorrent_peer.py', import.meta.url));
  const child = spawn(programOf('libtorrent'), [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => end(child));
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const notes: string[] = [];
  let code: number | undefined;
  const port = Promise.withResolvers<number>();
  const complete = Promise.withResolvers<void>();
  complete.promise.catch(() => undefined); // a seeder's end interests nobody
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { port?: number; seeding?: boolean; note?: string; code?: number };
    if (event.note !== undefined) notes.push(event.note);
    if (event.code !== undefined) code = event.code;
    if (event.port !== undefined) port.resolve(event.port);
    if (event.seeding) complete.resolve();
  });
  child.once('close', () => {
    const gone = new LibtorrentEnded(code, notes);
    port.reject(gone);
    complete.reject(gone);
  });
  return { port: await port.promise, complete: complete.promise, notes };
}

/** libtorrent's number for "v1 and v2 hashes do not describe the same data". */
const INCONSISTENT_HASHES = 217;
const SESSIONS = 3;

/**
 * Downloads with libtorrent to the end; resolves with the folder that it is in, below `folder`. A session that ends with
 * libtorrent 2.0.8's error 217 is followed by a fresh one: there it is a race of libtorrent's own between a hybrid's
 * hashes and its disk, which docs/interop.md explains, and which libtorrent meets with its own seeders more often.
 */
export async function getWithLibtorrent(
  context: TestContext,
  { folder, ...order }: Order & { readonly seconds: number },
): Promise<string> {
  for (let session = 1; ; session += 1) {
    const saveFolder = join(folder, `session-${session}`);
    await mkdir(saveFolder, { recursive: true });
    const { complete } = await startLibtorrent(context, { ...order, folder: saveFolder });
    try {
      await complete;
      return saveFolder;
    } catch (error) {
      const isTheRace = error instanceof LibtorrentEnded && error.code === INCONSISTENT_HASHES;
      if (!isTheRace || session === SESSIONS) throw error;
      context.diagnostic(`session ${session}: libtorrent ended with its error ${INCONSISTENT_HASHES}`);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
