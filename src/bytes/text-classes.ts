// Insides of a character class for regular expressions with the flag `u`. They are ranges written out, not
// properties such as \p{Cf}: those grow with each version of Unicode, and two machines with different versions
// would then take different texts.

/** What Unicode calls White_Space (unchanged since version 6.3). */
export const WHITE_SPACE =
  '\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/**
 * Signs that no text for people needs and that can deceive a reader: controls (C0, DEL, C1), what turns the direction
 * of writing, what ends a line, what is never seen (soft hyphen, joiners, fillers, tags, musical and shorthand format
 * signs), lone surrogates and noncharacters.
 */
export const DECEIVING = [
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f',
  '\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff\\uffa0\\ufff0-\\ufffb',
  '\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}',
  ...Array.from({ length: 17 }, (_, plane) => {
    const end = (plane * 0x1_00_00 + 0xffff).toString(16);
    return `\\u{${end.slice(0, -1)}e}\\u{${end}}`;
  }),
].join('');
