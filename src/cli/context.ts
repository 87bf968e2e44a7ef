import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { Output } from './output.ts';
import { systemWords } from './system-words.ts';

/** What every command gets besides its own arguments. */
export interface Context {
  readonly output: Output;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
}

const interruption = new AbortController();

/** The signal that ends the running command. */
export const interrupted: AbortSignal = interruption.signal;

/** A repeated signal within this time is the same interruption, seen through a parent process as well. */
const SAME_INTERRUPTION_MS = 1_000;

/**
 * Turns the first SIGINT or SIGTERM into an abort, and a later one into an immediate end. A process started by
 * another one of ours (BITQUORUM_CHILD) also stops when that one is gone and its standard input closes.
 */
export function watchSignals(): void {
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (first === 0) first = Date.now();
      else if (Date.now() - first > SAME_INTERRUPTION_MS) endBy(name);
      interruption.abort(new Error(`interrupted by ${name}`));
    });
  }
  if (process.env['BITQUORUM_CHILD']) {
    process.stdin.on('close', () => interruption.abort(new Error('the parent process is gone')));
    process.stdin.resume();
    // oxlint-disable-next-line typescript/no-unnecessary-condition -- a closed or odd stdin may lack it
    (process.stdin as { unref?: () => void }).unref?.();
  }
}

/**
 * Leaves Ctrl-C and SIGTERM to the system from now on: for what computes so long in one piece that no signal gets
 * through to us, and leaves nothing half-done.
 */
export function leaveSignalsToSystem(): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(name);
}

/** Ends at once. `process.exit` would wait for a file that never opens, such as a named pipe that nobody writes. */
function endBy(name: 'SIGINT' | 'SIGTERM'): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

/**
 * Ends the command as Ctrl-C does when nobody reads its output any more (`| head`). Output that cannot be written for
 * another reason (a full disk) is a failure, at once.
 */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        interruption.abort(new Error('nobody reads the output'));
        return;
      }
      const words = systemWords(error, 'standard output') ?? `standard output: ${error.message}`;
      if (stream === process.stdout) process.stderr.write(`error: ${words}\n`);
      process.exit(EXIT.failed);
    });
  }
}

/** The context of a command, from the options that all commands share. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<{ json?: boolean; quiet?: boolean }>();
  return {
    output: new Output({ json: options.json ?? false, quiet: options.quiet ?? false }),
    signal: interrupted,
  };
}
