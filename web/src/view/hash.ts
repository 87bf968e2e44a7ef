/** `638ffb30…`: enough to tell groups apart on one page, never enough to trust. */
export function shortHash(hex: string): string {
  return hex.length > 12 ? `${hex.slice(0, 8)}…` : hex;
}

/** A hash in pieces of 8 letters, so that an eye can keep its place and a line can break. */
export function hashPieces(hex: string): string[] {
  return hex.match(/.{1,8}/g) ?? [];
}

/** The first 32 bits of a hash, true for 1: its print is an aid to the eye beside the hash itself. */
export function leadingBits(hex: string): boolean[] {
  const digits = hex.slice(0, 8).padEnd(8, '0');
  return Array.from(digits).flatMap((digit) => {
    const value = Number.parseInt(digit, 16) || 0;
    return [8, 4, 2, 1].map((bit) => (value & bit) !== 0);
  });
}
