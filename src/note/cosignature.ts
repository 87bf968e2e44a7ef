import { concatBytes, fromUtf8, TextFormError, toUtf8 } from '../bytes/index.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { NoteError } from './errors.ts';
import { checkKeyName } from './key-name.ts';
import type { NoteVerifier } from './sign-and-open.ts';
import { badVkey, formatTypedVkey, parseTypedVkey } from './typed-vkey.ts';

/** How a cosigner signs (C2SP tlog-cosignature). */
export type CosignatureAlgorithm = 'ed25519' | 'ml-dsa-44';

/** A cosigner's public key: a witness's, or another party's that vouches for a log's history. */
export interface CosignerKey {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  readonly algorithm: CosignatureAlgorithm;
  /** 32 bytes, or 1,312 of ML-DSA-44 (FIPS 204). */
  readonly publicKey: Uint8Array;
}

/** Verification of one signature; Node and browser have their own. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** The two algorithms; in Node `verifyEd25519` and `verifyMlDsa44` of `src/statement`. */
export interface CosignatureVerify {
  readonly ed25519: VerifySignature;
  /** Pure ML-DSA-44 with an empty context. */
  readonly mlDsa44: VerifySignature;
}

interface Algorithm {
  readonly type: number;
  readonly keyBytes: number;
  readonly signatureBytes: number;
}

const ALGORITHMS: Readonly<Record<CosignatureAlgorithm, Algorithm>> = {
  ed25519: { type: 0x04, keyBytes: 32, signatureBytes: 64 },
  'ml-dsa-44': { type: 0x06, keyBytes: 1312, signatureBytes: 2420 },
};
/** What stands before the signature in a cosignature's bytes. */
export const TIMESTAMP_BYTES = 8;
const ML_DSA_LABEL = toUtf8('subtree/v1\n\0');
const LONGEST_NAME = 255;

/** The signature type identifier byte of an algorithm. */
export function cosignatureType(algorithm: CosignatureAlgorithm): number {
  return ALGORITHMS[algorithm].type;
}

/**
 * Reads a cosigner's vkey: type 0x04 with 32 bytes of Ed25519, or type 0x06 with 1,312 bytes of ML-DSA-44. Another
 * type, such as the 0x01 of keys that sign plain notes, is refused (`bad-vkey`).
 */
export function parseCosignerVkey(text: string): CosignerKey {
  const { name, keyId, type, publicKey } = parseTypedVkey(text);
  const algorithm = (['ed25519', 'ml-dsa-44'] as const).find((each) => ALGORITHMS[each].type === type);
  if (algorithm === undefined) {
    throw badVkey(text, `signature type ${type} is no cosigner's: Ed25519 has 4, ML-DSA-44 has 6`);
  }
  const { keyBytes } = ALGORITHMS[algorithm];
  if (publicKey.length !== keyBytes) {
    throw badVkey(text, `a key of ${algorithm} has ${keyBytes} bytes, not ${publicKey.length}`);
  }
  return { name, keyId, algorithm, publicKey };
}

/** The text that {@link parseCosignerVkey} reads. Throws `bad-key-name` and `bad-vkey`. */
export function formatCosignerVkey(
  name: string,
  algorithm: CosignatureAlgorithm,
  publicKey: Uint8Array,
): string {
  checkKeyName(name);
  const text = formatTypedVkey(name, ALGORITHMS[algorithm].type, publicKey);
  parseCosignerVkey(text);
  return text;
}

/**
 * What a cosigner signs about a checkpoint at a time.
 *
 * Ed25519: `cosignature/v1\ntime <timestamp>\n` and the whole note text.
 *
 * ML-DSA-44: `"subtree/v1\n\0" ‖ u8 length, cosigner name ‖ timestamp u64 ‖ u8 length, origin ‖ start u64 = 0 ‖
 * end u64 = size ‖ root[32]`; extension lines are not signed.
 *
 * @param text the checkpoint, a note's text with its final newline
 * @param timestamp seconds since 1970; zero by ML-DSA-44 alone, from who does not say that this is the newest tree, as a
 *   log with such a key: a witness always says when
 */
export function cosignedMessage(
  { name, algorithm }: Pick<CosignerKey, 'name' | 'algorithm'>,
  text: string,
  timestamp: number,
): Uint8Array {
  if (!Number.isSafeInteger(timestamp) || timestamp < (algorithm === 'ed25519' ? 1 : 0)) {
    throw new NoteError(
      'bad-cosignature',
      `${timestamp} is no time of a cosignature: give whole seconds since 1970`,
    );
  }
  const { origin, size, root } = parseCheckpoint(text);
  if (algorithm === 'ed25519') return toUtf8(`cosignature/v1\ntime ${timestamp}\n${text}`);
  return concatBytes(ML_DSA_LABEL, prefixed(name), u64(timestamp), prefixed(origin), u64(0), u64(size), root);
}

/** What stands behind the key id of a cosignature's line: `timestamp u64 ‖ signature`. */
export function encodeCosignature(timestamp: number, signature: Uint8Array): Uint8Array {
  return concatBytes(u64(timestamp), signature);
}

/** When a cosignature was made, seconds since 1970, from {@link encodeCosignature}'s bytes. Throws `bad-cosignature`. */
export function cosignatureTimestamp(bytes: Uint8Array): number {
  if (bytes.length < TIMESTAMP_BYTES) {
    throw new NoteError('bad-cosignature', `a cosignature of ${bytes.length} bytes has no timestamp`);
  }
  const value = new DataView(bytes.buffer, bytes.byteOffset, TIMESTAMP_BYTES).getBigUint64(0);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new NoteError('bad-cosignature', `timestamp ${value} of a cosignature is beyond 2^53 − 1`);
  }
  return Number(value);
}

/**
 * A verifier of one cosigner's signatures on checkpoints, for `openNote`. Whatever is no checkpoint, has no time or
 * another length is not signed by it.
 */
export function cosignatureVerifier(vkey: string, verify: CosignatureVerify): NoteVerifier {
  const key = parseCosignerVkey(vkey);
  const check = key.algorithm === 'ed25519' ? verify.ed25519 : verify.mlDsa44;
  const length = TIMESTAMP_BYTES + ALGORITHMS[key.algorithm].signatureBytes;
  return {
    name: key.name,
    keyId: key.keyId,
    verify: (text, bytes) => {
      if (bytes.length !== length) return false;
      const message = messageOf(key, text, bytes);
      return message !== undefined && check(key.publicKey, message, bytes.subarray(TIMESTAMP_BYTES));
    },
  };
}

function messageOf(key: CosignerKey, text: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return cosignedMessage(key, fromUtf8(text), cosignatureTimestamp(bytes));
  } catch (error) {
    if (error instanceof NoteError || error instanceof TextFormError) return undefined;
    throw error;
  }
}

function prefixed(text: string): Uint8Array {
  const bytes = toUtf8(text);
  if (bytes.length === 0 || bytes.length > LONGEST_NAME) {
    throw new NoteError(
      'bad-cosignature',
      `${JSON.stringify(text.slice(0, 40))}… has ${bytes.length} bytes; ML-DSA-44 signs names and origins of 1 to ${LONGEST_NAME}`,
    );
  }
  return concatBytes(Uint8Array.of(bytes.length), bytes);
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
