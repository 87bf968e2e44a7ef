import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { programOf } from '../support/needs.ts';

/** A loopback address without discovery, and nothing of the user's own settings. */
const SETTINGS = [
  '--no-conf',
  '--enable-dht=false',
  '--enable-dht6=false',
  '--bt-enable-lpd=false',
  '--enable-peer-exchange=false',
  '--disable-ipv6=true',
  '--interface=127.0.0.1',
  '--file-allocation=none',
  '--seed-time=0',
];

/** A run of aria2 that has begun. */
export interface Aria2Run {
  /** It takes peers. */
  readonly listening: Promise<void>;
  /** Its exit status, and all that it printed. */
  readonly ended: Promise<{ readonly status: number | null; readonly words: string }>;
}

/** Starts the real aria2 with some arguments besides; it ends with the test. */
export function runAria2(context: TestContext, args: readonly string[]): Aria2Run {
  const child = spawn(programOf('aria2'), [...SETTINGS, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(() => end(child));
  const listening = Promise.withResolvers<void>();
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      words += chunk.toString();
      if (/listening on TCP port/.test(words)) listening.resolve();
    });
  }
  const closed = once(child, 'close') as Promise<[number | null]>;
  return { listening: listening.promise, ended: closed.then(([status]) => ({ status, words })) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
