// The part of the one Ed25519 rule that looks at encodings only; the curve's equation is left to a library.
// Numbers are little-endian (RFC 8032 §5.1.2); they are compared as bytes, since all of this is public.

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const LAST = KEY_BYTES - 1;
/** The top bit of a point's last byte holds the sign of x; the rest is y. */
const SIGN = 0x80;

/** p = 2^255 − 19. */
const FIELD_PRIME = littleEndian(2n ** 255n - 19n);
/** L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 §5.1). */
const GROUP_ORDER = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n);

/**
 * The y-coordinates of the eight points whose order divides 8: 0 (order 4), 1 (order 1), −1 (2), and two of
 * order 8. A key among them has signatures that are good for any message.
 */
const SMALL_ORDER_Y = [
  littleEndian(0n),
  littleEndian(1n),
  littleEndian(2n ** 255n - 20n),
  littleEndian(0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n),
  littleEndian(0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n),
];

/** Whether a public key is 32 bytes that stand for a point in its one form, and not for one of small order. */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === KEY_BYTES && isStrictPoint(publicKey);
}

/**
 * Whether a signature R ‖ S is 64 bytes in its one form: R as {@link isStrictPublicKey}, S below L. No honest
 * signer makes an R of small order; OpenSSL refuses it in some versions only, so this refuses it in all.
 */
export function isStrictSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  return (
    isStrictPoint(signature.subarray(0, KEY_BYTES)) && isBelow(signature.subarray(KEY_BYTES), GROUP_ORDER)
  );
}

/** y below p, and no small order; that leaves no point whose x is 0, so the sign bit has one form too. */
function isStrictPoint(point: Uint8Array): boolean {
  return isBelow(point, FIELD_PRIME, SIGN) && !SMALL_ORDER_Y.some((small) => isSameY(point, small));
}

function isSameY(point: Uint8Array, y: Uint8Array): boolean {
  let at = 0;
  while (at < LAST && point[at] === y[at]) at += 1;
  return at === LAST && ((point[LAST] as number) & ~SIGN) === y[LAST];
}

/** Compares 32 bytes as numbers; of the left one's last byte the bits of `without` are left out. */
function isBelow(left: Uint8Array, right: Uint8Array, without = 0): boolean {
  const top = ((left[LAST] as number) & ~without) - (right[LAST] as number);
  if (top !== 0) return top < 0;
  for (let at = LAST - 1; at >= 0; at -= 1) {
    const difference = (left[at] as number) - (right[at] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: KEY_BYTES }, (_, at) => Number((value >> BigInt(at * 8)) & 0xffn));
}
