import { stripVTControlCharacters } from 'node:util';

/** A text from a tally or a log, made safe for a terminal and for one line. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control and bidi characters are what is taken out
  const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
  return stripVTControlCharacters(text).replaceAll(controls, '\uFFFD');
}
