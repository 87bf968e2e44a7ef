import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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

/** Starts the real libtorrent in a process of its own; it ends with the test. */
export async function startLibtorrent(context: TestContext, order: Order): Promise<LibtorrentPeer> {
  const script = fileURLToPath(new URL('./libtorrent_peer.py', import.meta.url));
  const child = spawn(programOf('libtorrent'), [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => end(child));
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const notes: string[] = [];
  const port = Promise.withResolvers<number>();
  const complete = Promise.withResolvers<void>();
  complete.promise.catch(() => undefined); // a seeder's end interests nobody
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { port?: number; seeding?: boolean; note?: string };
    if (event.note !== undefined) notes.push(event.note);
    if (event.port !== undefined) port.resolve(event.port);
    if (event.seeding) complete.resolve();
  });
  child.once('exit', () => {
    const gone = new Error(`libtorrent ended: ${notes.join('; ')}`);
    port.reject(gone);
    complete.reject(gone);
  });
  return { port: await port.promise, complete: complete.promise, notes };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
