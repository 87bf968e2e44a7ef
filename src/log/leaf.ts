import { sha256 } from '../statement/index.ts';
import { LogError } from './errors.ts';

/** What stands at one index of the log. */
export interface Leaf {
  /** When the log received it, milliseconds since 1970; never less than that of the entry before. */
  readonly timeMs: number;
  /** The DSSE envelope as received. */
  readonly envelope: Uint8Array;
}

const TIME_BYTES = 8;
const LEAF_PREFIX = 0x00;
/** Where the bytes of a leaf are put together to be hashed; it grows to the longest. */
let hashed = new Uint8Array(8192);

/** The bytes that the tree is made of: `receipt time (8 bytes, big-endian) ‖ envelope`. */
export function encodeLeaf({ timeMs, envelope }: Leaf): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TIME_BYTES + envelope.length);
  putTime(bytes, 0, timeMs);
  bytes.set(envelope, TIME_BYTES);
  return bytes;
}

/** The hash of a leaf in the tree (RFC 6962 §2.1), `SHA-256(0x00 ‖ leaf)`: what `nodeHasher.leaf(encodeLeaf(leaf))` is. */
export function hashLeaf({ timeMs, envelope }: Leaf): Uint8Array {
  const length = 1 + TIME_BYTES + envelope.length;
  if (hashed.length < length) hashed = new Uint8Array(length);
  hashed[0] = LEAF_PREFIX;
  putTime(hashed, 1, timeMs);
  hashed.set(envelope, 1 + TIME_BYTES);
  return sha256(hashed.subarray(0, length));
}

/** Reads {@link encodeLeaf}'s bytes; the envelope is a view into them. Throws `bad-leaf`. */
export function decodeLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length <= TIME_BYTES) {
    throw new LogError('bad-leaf', `an entry of ${bytes.length} bytes is no 8-byte time and an envelope`);
  }
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new LogError('bad-leaf', `the receipt time ${time} of an entry is no time`);
  }
  return { timeMs: Number(time), envelope: bytes.subarray(TIME_BYTES) };
}

function putTime(bytes: Uint8Array<ArrayBuffer>, at: number, timeMs: number): void {
  new DataView(bytes.buffer).setBigUint64(at, BigInt(timeMs));
}
