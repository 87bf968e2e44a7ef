// Commands as processes: started with --json, followed line by line, ended with the test at the latest.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Sightings } from '../support/sightings.ts';

export const program = fileURLToPath(new URL('../../src/cli/bitquorum.ts', import.meta.url));
const PATIENCE_MS = 20_000;

export type Line = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Command {
  readonly child: ChildProcess;
  /** JSON lines that came so far. */
  readonly lines: readonly Line[];
  /** The first JSON line that fits. */
  when(wanted: (line: Line) => boolean): Promise<Line>;
  /** How it ended. */
  readonly end: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** Starts a command with `--json`; it ends with the test at the latest. */
export function start(context: TestContext, ...args: readonly string[]): Command {
  const child = spawn(process.execPath, [program, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  context.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const lines = new Sightings<Line>();
  createInterface({ input: child.stdout }).on('line', (line) => lines.add(JSON.parse(line) as Line));
  const stderr = text(child.stderr);
  const end = (async () => {
    const [code] = (await closed) as [number | null];
    return { code, stderr: await stderr };
  })();
  return {
    child,
    lines: lines.seen,
    end,
    when: (wanted) => lines.when(wanted, PATIENCE_MS, end),
  };
}

export const isEvent =
  (event: string) =>
  (line: Line): boolean =>
    line.event === event;
