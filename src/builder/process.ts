import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../bytes/index.ts';
import { withOwnDescriptors } from './inherited.ts';

/** A child process to run: arguments as an array, never a shell's string. */
export interface ProcessOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number;
  /** Called while the process runs, every two seconds; a text returned ends the process for that reason. */
  readonly watch?: () => Promise<string | undefined>;
}

/** How a child process ended. `ended` tells why it was stopped from outside, if it was. */
export interface ProcessResult {
  readonly code: number | null;
  readonly ended?: 'timeout' | 'aborted' | 'watch';
  readonly reason?: string;
  /** The end of standard output, then that of standard error, at most 16 KiB each, made printable. */
  readonly tail: string;
}

const TAIL_BYTES = 16_384;
const WATCH_MILLISECONDS = 2000;

/**
 * Runs a program in a process group of its own, with no descriptor of ours, and waits for it. On abort, time-out or a complaint of `watch` the
 * whole group is killed; what is left of the group when the program ends is killed as well. Rejects only when
 * the program cannot be started.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  options.signal.throwIfAborted();
  const child = withOwnDescriptors((stdio) =>
    spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      detached: process.platform !== 'win32',
      stdio,
      windowsHide: true,
    }),
  );
  const tail = collectTail(child);
  let ended: ProcessResult['ended'];
  let reason: string | undefined;
  const stop = (why: NonNullable<ProcessResult['ended']>, words?: string): void => {
    if (ended !== undefined) return;
    ended = why;
    reason = words;
    killGroup(child);
  };
  const onAbort = (): void => stop('aborted');
  options.signal.addEventListener('abort', onAbort, { once: true });
  const timeout = setTimeout(() => stop('timeout'), options.timeoutSeconds * 1000);
  const watcher = watchWith(options.watch, (words) => stop('watch', words));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => killGroup(child));
      child.once('close', resolve);
    });
    return { code, tail: tail(), ...(ended && { ended }), ...(reason !== undefined && { reason }) };
  } finally {
    clearTimeout(timeout);
    clearInterval(watcher);
    options.signal.removeEventListener('abort', onAbort);
  }
}

function watchWith(
  watch: ProcessOptions['watch'],
  stop: (words: string) => void,
): NodeJS.Timeout | undefined {
  if (watch === undefined) return undefined;
  let busy = false;
  return setInterval(() => {
    if (busy) return;
    busy = true;
    watch()
      .then(
        (words) => words !== undefined && stop(words),
        (error: unknown) => stop(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => {
        busy = false;
      });
  }, WATCH_MILLISECONDS);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: the whole group is gone already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Keeps the end of both streams; standard error comes last, because it says what went wrong. */
function collectTail(child: ChildProcess): () => string {
  const kept = [child.stdout, child.stderr].map((stream) => {
    const end = { bytes: Buffer.alloc(0) };
    stream?.on('data', (chunk: Buffer) => {
      end.bytes = Buffer.concat([end.bytes, chunk]).subarray(-TAIL_BYTES);
    });
    return end;
  });
  return () => printableLines(kept.map(({ bytes }) => bytes.toString('utf8').trimEnd()).join('\n'));
}

/** Text from a child, safe for a terminal: line ends stay, other control characters and escapes go. */
function printableLines(text: string): string {
  const lines = stripVTControlCharacters(text).replaceAll('\r\n', '\n').split('\n');
  return lines.map(printable).join('\n').trim();
}

/** The last lines of a longer text, for an error message. */
export function lastLines(text: string, count: number): string {
  return text.split('\n').slice(-count).join('\n');
}
