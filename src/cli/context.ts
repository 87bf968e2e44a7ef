import type { Command } from 'commander';
import { Output } from './output.ts';

/** What every command gets besides its own arguments. */
export interface Context {
  readonly output: Output;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
}

const interruption = new AbortController();

/** The signal that ends the running command. */
export const interrupted: AbortSignal = interruption.signal;

/** Turns the first SIGINT or SIGTERM into an abort, and a second one into an immediate end. */
export function watchSignals(): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interruption.signal.aborted) process.exit(130);
      interruption.abort(new Error(`interrupted by ${name}`));
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
