import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/bitquorum.ts', import.meta.url));

/** Where a tally says it is, once it listens. */
export interface TallyPlace {
  readonly url: string;
  readonly origin: string;
  readonly logKey: string;
}

/** A tally that runs as a process of its own. */
export interface TallyProcess {
  /** Resolves once it listens; rejects with its last words when it ends before. */
  readonly ready: Promise<TallyPlace>;
  /** Sends a signal and waits for the end; resolves to the exit code, or null after a killing signal. */
  end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null>;
  /** What it wrote to standard error so far. */
  words(): string;
}

/** Runs the command line to its end. */
export async function runCommand(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = startCommand(args);
  const stdout = collect(child, 'stdout');
  const stderr = collect(child, 'stderr');
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Starts `bitquorum tally run --json` on an ephemeral port. */
export function startTallyProcess(dataFolder: string, ...more: string[]): TallyProcess {
  const child = startCommand([
    'tally',
    'run',
    '--json',
    '--data',
    dataFolder,
    '--listen',
    '127.0.0.1:0',
    ...more,
  ]);
  const words = collect(child, 'stderr');
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  const ready = new Promise<TallyPlace>((resolve, reject) => {
    void ended.then((code) => reject(new Error(`the tally ended with ${code}: ${words()}`)));
    if (child.stdout === null) throw new Error('no standard output');
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as TallyPlace));
  });
  ready.catch(() => undefined); // a tally that is killed before it listens is not always waited for
  return {
    ready,
    words,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function startCommand(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
