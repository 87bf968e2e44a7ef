import { isStrictPublicKey, isStrictSignature } from '../../../src/statement/browser.ts';

const MOST_KEYS = 4096;

/** Verifies Ed25519 signatures by WebCrypto, by the strict rule that the whole network follows. */
export class SignatureChecker {
  readonly #keys = new Map<string, Promise<CryptoKey | undefined>>();
  readonly #subtle: SubtleCrypto;

  private constructor(subtle: SubtleCrypto) {
    this.#subtle = subtle;
  }

  /** A checker, or `undefined` where there is no WebCrypto (plain http) or it knows no Ed25519. */
  static async create(): Promise<SignatureChecker | undefined> {
    const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
    if (subtle === undefined) return undefined;
    try {
      await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
      return new SignatureChecker(subtle);
    } catch {
      return undefined; // the algorithm is not known here: the caller says so
    }
  }

  /** Whether `signature` (64 bytes) is that of `publicKey` (32 bytes, as hex) over `message`. */
  async verify(publicKey: Uint8Array<ArrayBuffer>, hex: string, message: Uint8Array, signature: Uint8Array) {
    if (!isStrictPublicKey(publicKey) || !isStrictSignature(signature)) return false;
    const key = await this.#keyOf(publicKey, hex);
    if (key === undefined) return false;
    return this.#subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
  }

  #keyOf(publicKey: Uint8Array<ArrayBuffer>, hex: string): Promise<CryptoKey | undefined> {
    const known = this.#keys.get(hex);
    if (known) return known;
    if (this.#keys.size >= MOST_KEYS) this.#keys.clear();
    const made = this.#subtle
      .importKey('raw', publicKey, 'Ed25519', false, ['verify'])
      .catch(() => undefined); // these 32 bytes are no key, so nothing was signed by it
    this.#keys.set(hex, made);
    return made;
  }
}
