/** ESC `[` … (ECMA-48 §5.4): colours, cursor movements and their kind. */
const CONTROL_SEQUENCE = new RegExp(`${String.fromCodePoint(0x1b)}\\[[0-?]*[ -/]*[@-~]`, 'g');
const UNSAFE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text from outside, made safe for a terminal and for one line: control sequences go, and other control
 * characters and signs that change the direction of writing become U+FFFD.
 */
export function printable(text: string): string {
  return text.replaceAll(CONTROL_SEQUENCE, '').replaceAll(UNSAFE, '\uFFFD');
}
