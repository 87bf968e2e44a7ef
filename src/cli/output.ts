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
    process.stdout.write(this.json ? `${jsonText(value)}\n` : `${text}\n`);
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

/**
 * JSON in which nothing can move a terminal's cursor or turn its text: JSON escapes the controls below U+0020 only, and
 * names, reasons and headers come from strangers.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
