import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { concatBytes, fromHex, toBase64, toHex, toUtf8 } from '../bytes/index.ts';
import { checkKeyName, ED25519, formatVkey, keyIdOf, NoteError, splitKeyText } from '../note/index.ts';
import { StatementError } from './errors.ts';

/** What signs statements and notes. */
export interface Signer {
  /** C2SP text form of the public key. */
  readonly vkey: string;
  /** The key's name; for a log, its origin. */
  readonly name: string;
  /** The public key, 64 hex digits: a builder's identity. */
  readonly key: string;
  /** The Ed25519 signature (64 bytes) over a message. */
  sign(message: Uint8Array): Uint8Array;
}

/** DER before the 32 seed bytes of an Ed25519 PrivateKeyInfo (RFC 8410 §7). */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');
const SEED_BYTES = 32;
export const FILE_PREFIX = 'PRIVATE+KEY+';
const ANNOUNCE_LABEL = toUtf8('bitquorum/announce/v1\0');

/** A private Ed25519 key under a name. The seed is never shown by `console.log`, `inspect` or JSON. */
export class PrivateKey implements Signer {
  readonly vkey: string;
  readonly name: string;
  readonly key: string;
  readonly #seed: Uint8Array;
  readonly #object: KeyObject;

  /** From a name and a 32-byte seed. Throws `bad-key-name` and `bad-key`. */
  constructor(name: string, seed: Uint8Array) {
    checkKeyName(name);
    if (seed.length !== SEED_BYTES) {
      throw new StatementError('bad-key', `an Ed25519 seed has ${SEED_BYTES} bytes, not ${seed.length}`);
    }
    this.#seed = seed.slice();
    this.#object = createPrivateKey({
      key: Buffer.from(concatBytes(PKCS8_PREFIX, this.#seed)),
      format: 'der',
      type: 'pkcs8',
    });
    const publicKey = createPublicKey(this.#object).export({ format: 'der', type: 'spki' }).subarray(-32);
    this.name = name;
    this.key = toHex(publicKey);
    this.vkey = formatVkey(name, publicKey);
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#object));
  }

  /**
   * The secret last part of this builder's own announce URL at one tally: 43 characters, the base64url of
   * `SHA-256("bitquorum/announce/v1\0" ‖ seed[32] ‖ SHA-256(origin))`. Whoever knows it can announce as this
   * builder there and nowhere else. Never log it.
   */
  announceToken(origin: string): string {
    const originHash = createHash('sha256').update(origin).digest();
    return createHash('sha256')
      .update(concatBytes(ANNOUNCE_LABEL, this.#seed, originHash))
      .digest('base64url');
  }

  /**
   * The one line of a private key file, `PRIVATE+KEY+<name>+<8 hex key id>+<base64(0x01 ‖ 32-byte seed)>\n`,
   * as Go's `sumdb/note` writes it. A secret.
   */
  secretText(): string {
    const keyId = keyIdOf(this.name, fromHex(this.key));
    return `${FILE_PREFIX}${this.name}+${keyId}+${toBase64(concatBytes(Uint8Array.of(ED25519), this.#seed))}\n`;
  }
}

/** Makes a new key from the system's random source. */
export function generateKey(name: string): PrivateKey {
  return new PrivateKey(name, randomBytes(SEED_BYTES));
}

/** Reads {@link PrivateKey.secretText}. The message of `bad-key` never repeats the secret. */
export function parsePrivateKey(text: string): PrivateKey {
  if (!text.startsWith(FILE_PREFIX))
    throw new StatementError('bad-key', `a private key begins with ${FILE_PREFIX}`);
  const line = text.slice(FILE_PREFIX.length).replace(/\n$/, '');
  try {
    const { name, keyId, material } = splitKeyText(line);
    const key = new PrivateKey(name, material);
    if (keyIdOf(name, fromHex(key.key)) === keyId) return key;
  } catch (cause) {
    if (!(cause instanceof NoteError)) throw cause;
    throw new StatementError('bad-key', 'the private key is not <name>+<8 hex digits>+<base64 of 33 bytes>');
  }
  throw new StatementError('bad-key', 'the private key does not fit its key id: its name or key was changed');
}

/** SHA-256 (hex) of an announce token's ASCII bytes, as a `builder` statement carries it. */
export function announceDigestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
