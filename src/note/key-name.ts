import { toUtf8, WHITE_SPACE } from '../bytes/index.ts';
import { NoteError } from './errors.ts';

const LONGEST_NAME_BYTES = 255;
const NO_NAME = new RegExp(`[${WHITE_SPACE}\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff+]`, 'u');

/**
 * Checks a key name (C2SP signed-note, "Format"): not empty, no Unicode space, no plus sign, no control
 * character, at most 255 bytes of UTF-8. A URL without its scheme is recommended (`example.com/log`).
 * Throws `bad-key-name`.
 */
export function checkKeyName(name: string): void {
  if (isKeyName(name)) return;
  throw new NoteError(
    'bad-key-name',
    `${JSON.stringify(name.slice(0, 80))} is no key name: give 1 to ${LONGEST_NAME_BYTES} bytes without spaces or "+"`,
  );
}

/** Whether {@link checkKeyName} takes a name. */
export function isKeyName(name: string): boolean {
  return name !== '' && !NO_NAME.test(name) && toUtf8(name).length <= LONGEST_NAME_BYTES;
}
