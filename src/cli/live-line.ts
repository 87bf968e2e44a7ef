import process from 'node:process';
import type { Output } from './output.ts';

const CLEAR = '\r\u001b[K';
/** Terminals that do not say how wide they are. */
const USUAL_COLUMNS = 80;

/**
 * One line at the bottom of a terminal that is written over again and again, with other lines above it. Where
 * standard error is no terminal, with `--quiet` and with `--json`, nothing but those other lines appears.
 */
export class LiveLine {
  readonly isLive: boolean;
  readonly #output: Output;
  #text = '';

  constructor(output: Output) {
    this.#output = output;
    this.isLive = !output.quiet && !output.json && process.stderr.isTTY;
  }

  /** How many characters fit. */
  get columns(): number {
    return Math.max(20, (process.stderr.columns || USUAL_COLUMNS) - 1);
  }

  /** Shows a text without colours, cut to the terminal's width. */
  show(text: string): void {
    this.#text = text.slice(0, this.columns);
    if (this.isLive) process.stderr.write(`${CLEAR}${this.#colored}`);
  }

  /** Writes a line above. */
  say(text: string): void {
    if (this.isLive && this.#text !== '') process.stderr.write(CLEAR);
    this.#output.say(text);
    if (this.isLive) process.stderr.write(this.#colored);
  }

  get #colored(): string {
    return this.#text.replace(/^[█░]+/, (full) => this.#output.colors.cyan(full));
  }

  /** Takes the line away. */
  stop(): void {
    if (this.isLive && this.#text !== '') process.stderr.write(CLEAR);
    this.#text = '';
  }
}

/** A bar of so many characters, such as `█████░░░░░`. */
export function bar(share: number, width: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
