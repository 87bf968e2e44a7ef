import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, fromBase64, TextFormError, toBase64, toHex, toUtf8 } from '../bytes/index.ts';
import { NoteError } from './errors.ts';
import { isKeyName } from './key-name.ts';

/** A verifier key of any signature type, as C2SP signed-note ("Verifier keys") has it. */
export interface TypedVkey {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** Signature type identifier byte. */
  readonly type: number;
  readonly publicKey: Uint8Array;
}

/** Room for an ML-DSA-44 key (1,313 bytes, 1,752 characters), a name of 255 bytes and a key id. */
const LONGEST_TEXT = 4096;

/**
 * Reads `<name>+<8 hex key id>+<base64(type ‖ public key)>` of any type; which types and lengths will do, the caller
 * says. The key id has to be the recommended one, `SHA-256(name ‖ 0x0A ‖ type ‖ key)[:4]`. Throws `bad-vkey`.
 */
export function parseTypedVkey(text: string): TypedVkey {
  if (text.length > LONGEST_TEXT) throw badVkey(text, `it is longer than ${LONGEST_TEXT} characters`);
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text);
  if (match === null) throw badVkey(text, 'it is not <name>+<8 hex digits>+<base64>');
  const [, name = '', keyId = '', encoded = ''] = match;
  if (!isKeyName(name)) throw badVkey(text, 'its name holds a space or a control character, or is too long');
  const material = decode(text, encoded);
  const [type] = material;
  if (type === undefined) throw badVkey(text, 'it holds no key');
  const publicKey = material.subarray(1);
  if (typedKeyId(name, type, publicKey) !== keyId) {
    throw badVkey(text, `key id ${keyId} belongs to another name or key`);
  }
  return { name, keyId, type, publicKey };
}

/** The text that {@link parseTypedVkey} reads. */
export function formatTypedVkey(name: string, type: number, publicKey: Uint8Array): string {
  const encoded = toBase64(concatBytes(Uint8Array.of(type), publicKey));
  return `${name}+${typedKeyId(name, type, publicKey)}+${encoded}`;
}

/** First 4 bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ key)` in hex. */
export function typedKeyId(name: string, type: number, publicKey: Uint8Array): string {
  return toHex(sha256(concatBytes(toUtf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4));
}

/** The error of a vkey that is refused; shows its name and no more. */
export function badVkey(text: string, why: string): NoteError {
  const label = text.slice(0, Math.min(text.indexOf('+') + 1 || 40, 80));
  return new NoteError('bad-vkey', `key ${JSON.stringify(`${label}…`)} is refused: ${why}`);
}

function decode(text: string, encoded: string): Uint8Array {
  try {
    return fromBase64(encoded);
  } catch (cause) {
    if (cause instanceof TextFormError) throw badVkey(text, 'its last part is not canonical base64');
    throw cause;
  }
}
