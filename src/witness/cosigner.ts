import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { concatBytes, fromBase64, fromHex, TextFormError, toBase64 } from '../bytes/index.ts';
import {
  type CosignatureAlgorithm,
  checkKeyName,
  cosignatureType,
  cosignedMessage,
  encodeCosignature,
  formatCosignerVkey,
  NoteError,
  type NoteSignature,
  parseCosignerVkey,
} from '../note/index.ts';
import { WitnessError } from './errors.ts';

/** DER before the 32 seed bytes of a PrivateKeyInfo: Ed25519 (RFC 8410 §7), ML-DSA-44 as seed alone (RFC 9881 §6). */
const PKCS8: Readonly<Record<CosignatureAlgorithm, Uint8Array>> = {
  ed25519: fromHex('302e020100300506032b657004220420'),
  'ml-dsa-44': fromHex('3034020100300b060960864801650304031104228020'),
};
const PUBLIC_BYTES: Readonly<Record<CosignatureAlgorithm, number>> = { ed25519: 32, 'ml-dsa-44': 1312 };
const SEED_BYTES = 32;
const PREFIX = 'PRIVATE+KEY+';

/** A witness's private key. The seed is never shown by `console.log`, `inspect` or JSON. */
export class Cosigner {
  readonly name: string;
  readonly algorithm: CosignatureAlgorithm;
  /** Its verifier key, of type 0x04 or 0x06. */
  readonly vkey: string;
  /** 8 hex digits, as in the vkey. */
  readonly keyId: string;
  readonly #seed: Uint8Array;
  readonly #key: KeyObject;

  /** From a name and a 32-byte seed. Throws `bad-key-name` and `bad-key`. */
  constructor(name: string, algorithm: CosignatureAlgorithm, seed: Uint8Array) {
    checkKeyName(name);
    if (seed.length !== SEED_BYTES) {
      throw new WitnessError(
        'bad-key',
        `the seed of a witness's key has ${SEED_BYTES} bytes, not ${seed.length}`,
      );
    }
    this.name = name;
    this.algorithm = algorithm;
    this.#seed = seed.slice();
    this.#key = createPrivateKey({
      key: Buffer.from(concatBytes(PKCS8[algorithm], this.#seed)),
      format: 'der',
      type: 'pkcs8',
    });
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.vkey = formatCosignerVkey(name, algorithm, new Uint8Array(spki.subarray(-PUBLIC_BYTES[algorithm])));
    this.keyId = parseCosignerVkey(this.vkey).keyId;
  }

  /** The cosignature of a checkpoint (a note's text) at a time, seconds since 1970. */
  cosign(text: string, timestamp: number): NoteSignature {
    const signature = sign(null, cosignedMessage(this, text, timestamp), this.#key);
    return { name: this.name, keyId: this.keyId, signature: encodeCosignature(timestamp, signature) };
  }

  /**
   * The one line of a private key file, `PRIVATE+KEY+<name>+<8 hex key id>+<base64(type ‖ 32-byte seed)>\n`, with the
   * key id and the type of the vkey. A secret.
   */
  secretText(): string {
    const material = concatBytes(Uint8Array.of(cosignatureType(this.algorithm)), this.#seed);
    return `${PREFIX}${this.name}+${this.keyId}+${toBase64(material)}\n`;
  }
}

/** Makes a new key from the system's random source. */
export function generateCosigner(name: string, algorithm: CosignatureAlgorithm): Cosigner {
  return new Cosigner(name, algorithm, randomBytes(SEED_BYTES));
}

/** Reads {@link Cosigner.secretText}. The message of `bad-key` never repeats the secret. */
export function parseCosigner(text: string): Cosigner {
  const [, name = '', keyId = '', encoded = ''] =
    /^PRIVATE\+KEY\+([^+\n]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})\n?$/u.exec(text) ?? [];
  if (name === '') {
    throw new WitnessError(
      'bad-key',
      `the witness's key is not ${PREFIX}<name>+<8 hex digits>+<base64 of 33 bytes>`,
    );
  }
  const [type, ...seed] = decode(encoded);
  const algorithm = (['ed25519', 'ml-dsa-44'] as const).find((each) => cosignatureType(each) === type);
  if (algorithm === undefined) {
    throw new WitnessError(
      'bad-key',
      `a key of type ${type} cosigns nothing: make one for a witness (bitquorum witness key)`,
    );
  }
  const cosigner = make(name, algorithm, Uint8Array.from(seed));
  if (cosigner.vkey.startsWith(`${name}+${keyId}+`)) return cosigner;
  throw new WitnessError('bad-key', "the witness's key does not fit its key id: its name or key was changed");
}

function make(name: string, algorithm: CosignatureAlgorithm, seed: Uint8Array): Cosigner {
  try {
    return new Cosigner(name, algorithm, seed);
  } catch (cause) {
    if (cause instanceof NoteError)
      throw new WitnessError('bad-key', "the witness's key has a bad name", { cause });
    throw cause;
  }
}

function decode(encoded: string): Uint8Array {
  try {
    return fromBase64(encoded);
  } catch (cause) {
    // Without the cause, whose message would show a part of the secret.
    if (cause instanceof TextFormError)
      throw new WitnessError('bad-key', "the witness's key is not canonical base64");
    throw cause;
  }
}
