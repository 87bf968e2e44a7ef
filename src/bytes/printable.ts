/**
 * A text from outside, made safe for a terminal and for one line: control characters (so no escape sequence)
 * and signs that change the direction of writing become U+FFFD.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\uFFFD');
}
