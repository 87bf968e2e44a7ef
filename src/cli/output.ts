import process from 'node:process';
import pico from 'picocolors';

export interface OutputOptions {
  /** One JSON document, or JSON lines, on standard output; words go to standard error. */
  readonly json: boolean;
  /** No progress and no words but errors. */
  readonly quiet: boolean;
}

/** Where a command writes: results on standard output, progress and words on standard error. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Colours for standard error, off under NO_COLOR or when it is no terminal. */
  readonly colors: ReturnType<typeof pico.createColors>;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.quiet = options.quiet;
    this.colors = pico.createColors(process.stderr.isTTY ? !process.env['NO_COLOR'] : false);
  }

  /** The result of a command: `value` as JSON with `--json`, else `text`. */
  result(value: unknown, text: string): void {
    process.stdout.write(this.json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  }

  /** One line about what is happening. */
  say(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`);
  }

  /** An error's line, shown even when quiet. */
  complain(text: string): void {
    process.stderr.write(`${this.colors.red('error')}: ${text}\n`);
  }
}
