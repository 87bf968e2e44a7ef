import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
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
    this.colors = pico.createColors(Boolean(process.stderr.isTTY) && !process.env['NO_COLOR']);
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

/** A text from outside, made safe for a terminal: no control characters, no escape sequences. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  return stripVTControlCharacters(text).replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    '\uFFFD',
  );
}
