import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, fromBase64, TextFormError, toBase64, toHex, toUtf8 } from '../bytes/index.ts';
import { NoteError } from './errors.ts';
import { checkKeyName, isKeyName } from './key-name.ts';

/** Signature type identifier of plain Ed25519 (C2SP signed-note, "Signature types"). */
export const ED25519 = 0x01;
const PUBLIC_KEY_BYTES = 32;

/** Whose signatures a note may carry: a name, the short id that tells keys of one name apart, and the key. */
export interface VerifierKey {
  /** For a log: its origin. */
  readonly name: string;
  /** First 4 bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)`, 8 lower-case hex digits. A label, never a proof. */
  readonly keyId: string;
  /** Ed25519 public key, 32 bytes (RFC 8032 §5.1.2). */
  readonly publicKey: Uint8Array;
}

/** The key id of an Ed25519 key under a name (C2SP signed-note, "Ed25519 signatures"). */
export function keyIdOf(name: string, publicKey: Uint8Array): string {
  const hashed = sha256(concatBytes(toUtf8(`${name}\n`), Uint8Array.of(ED25519), publicKey));
  return toHex(hashed.subarray(0, 4));
}

/**
 * The text form of a verifier key: `<name>+<8 hex key id>+<base64(0x01 ‖ 32-byte public key)>`.
 *
 * ```text
 * example.com/log+0ac86fab+Af…
 * ```
 */
export function formatVkey(name: string, publicKey: Uint8Array): string {
  checkKeyName(name);
  if (publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new NoteError('bad-vkey', `an Ed25519 public key has 32 bytes, not ${publicKey.length}`);
  }
  const encoded = toBase64(concatBytes(Uint8Array.of(ED25519), publicKey));
  return `${name}+${keyIdOf(name, publicKey)}+${encoded}`;
}

/**
 * Reads {@link formatVkey}'s text. Refused (`bad-vkey`): another algorithm than Ed25519, a key id that is not
 * the one computed from name and key, anything but the one canonical text.
 */
export function parseVkey(text: string): VerifierKey {
  const { name, keyId, material } = splitKeyText(text);
  if (keyIdOf(name, material) !== keyId)
    throw refusal(text, `key id ${keyId} belongs to another name or key`);
  return { name, keyId, publicKey: material };
}

/**
 * Splits `<name>+<key id>+<base64(0x01 ‖ 32 bytes)>`, the family of texts that public and private keys share,
 * without judging the key id. Throws `bad-vkey`; the message never repeats the last part, which may be secret.
 */
export function splitKeyText(text: string): { name: string; keyId: string; material: Uint8Array } {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(text);
  if (match === null) throw refusal(text, 'it is not <name>+<8 hex digits>+<base64 of 33 bytes>');
  const [, name = '', keyId = '', encoded = ''] = match;
  if (!isKeyName(name)) throw refusal(text, 'its name holds a space or a control character, or is too long');
  const bytes = decode(text, encoded);
  if (bytes[0] !== ED25519) throw refusal(text, `algorithm ${bytes[0]} is not Ed25519 (1)`);
  return { name, keyId, material: bytes.subarray(1) };
}

function decode(text: string, encoded: string): Uint8Array {
  try {
    return fromBase64(encoded);
  } catch (cause) {
    if (cause instanceof TextFormError) throw refusal(text, 'its last part is not canonical base64');
    throw cause;
  }
}

function refusal(text: string, why: string): NoteError {
  const label = text.slice(0, Math.min(text.indexOf('+') + 1 || 40, 80));
  return new NoteError('bad-vkey', `key ${JSON.stringify(`${label}…`)} is refused: ${why}`);
}
