import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** The command line's own file. */
export const MAIN = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;

/** What a command came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bitquorum` with arguments to its end. */
export async function runCommand(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}
