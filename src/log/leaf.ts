import { LogError } from './errors.ts';

/** What stands at one index of the log. */
export interface Leaf {
  /** When the log received it, milliseconds since 1970; never less than that of the entry before. */
  readonly timeMs: number;
  /** The DSSE envelope as received. */
  readonly envelope: Uint8Array;
}

const TIME_BYTES = 8;

/** The bytes that the tree is made of: `receipt time (8 bytes, big-endian) ‖ envelope`. */
export function encodeLeaf({ timeMs, envelope }: Leaf): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TIME_BYTES + envelope.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timeMs));
  bytes.set(envelope, TIME_BYTES);
  return bytes;
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
