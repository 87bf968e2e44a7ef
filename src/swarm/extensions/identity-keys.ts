import { fromHex } from '../../bytes/index.ts';
import { SwarmError } from '../error.ts';

/** What signs challenges or proofs: an Ed25519 key whose private half stays where it is. */
export interface KeySigner {
  /** The public key, 64 hex digits. */
  readonly key: string;
  /** The Ed25519 signature (64 bytes) over a message. */
  sign(message: Uint8Array): Uint8Array;
}

/** Verifies Ed25519 by the one strict rule of this network. */
export type VerifySignature = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Loads the strict rule; only who proves or asks for a key pays for it. */
export async function loadVerifier(): Promise<VerifySignature> {
  return (await import('../../statement/index.ts')).verifyEd25519;
}

/** The 32 bytes of a public key in hexadecimal. Throws `bad-identity`. */
export function keyBytes(key: string): Uint8Array {
  if (/^[0-9a-f]{64}$/.test(key)) return fromHex(key);
  throw new SwarmError(
    'bad-identity',
    `${JSON.stringify(key)} is no public key: give 64 lower-case hex digits`,
  );
}
