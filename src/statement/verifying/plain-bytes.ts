// Texts of ASCII that are read where they stand in bytes, without a string in between.

const IS_HEX = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(/^[0-9a-f]$/.test(String.fromCharCode(code))),
);

/** Whether lower-case hexadecimal digits stand from one place to another. */
export function isLowerHex(bytes: Uint8Array, from: number, to: number): boolean {
  let isHex = 1;
  for (let at = from; at < to; at += 1) isHex &= IS_HEX[bytes[at] as number] as number;
  return isHex === 1;
}

/** Whether all bytes from one place to another are ASCII. */
export function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  let seen = 0;
  for (let at = from; at < to; at += 1) seen |= bytes[at] as number;
  return seen < 0x80;
}
