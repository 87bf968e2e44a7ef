import { concatBytes, toUtf8 } from '../bytes/index.ts';
import { WireError } from './error.ts';
import type { SwarmHash } from './handshake.ts';
import { Rc4 } from './rc4.ts';

/**
 * Message stream encryption (MSE/PE), as the Vuze wiki describes it and libtorrent speaks it; there is no BEP of it.
 *
 *     A → B  Ya[96] PadA
 *     B → A  Yb[96] PadB
 *     A → B  HASH('req1', S) HASH('req2', SKEY) xor HASH('req3', S)
 *            RC4{ VC[8] crypto_provide[4] len(PadC)[2] PadC len(IA)[2] IA }
 *     B → A  RC4{ VC[8] crypto_select[4] len(PadD)[2] PadD }
 *
 * SKEY is the infohash that the handshake will name: a v1 one, or the first 20 bytes of a v2 one. S is the shared
 * Diffie-Hellman secret, VC eight zeros, IA the first bytes of the payload.
 */

/** Length of a public key and of the shared secret, in bytes. */
export const MSE_KEY_BYTES = 96;
/** The longest padding. */
export const MSE_PAD_BYTES = 512;
/** The longest initial payload that is taken; a handshake has 68 bytes. */
export const MSE_PAYLOAD_BYTES = 4096;
/** The verification constant: zeros. */
export const MSE_CONSTANT_BYTES = 8;
/** Bits of `crypto_provide` and `crypto_select`. */
export const MSE_PLAIN = 1;
export const MSE_RC4 = 2;

/** The bytes of a key stream that are thrown away. */
const SKIPPED_BYTES = 1024;

/** SHA-1, which this room does not bring along. */
export type Sha1 = (bytes: Uint8Array) => Uint8Array;

/** One side's half of the Diffie-Hellman exchange in the group of MSE, generator 2. */
export interface MseKeys {
  /** {@link MSE_KEY_BYTES} long. */
  readonly publicKey: Uint8Array;
  /** The shared secret, {@link MSE_KEY_BYTES} long. Throws when the other key is none. */
  secretWith(otherPublicKey: Uint8Array): Uint8Array;
}

/** Ciphers of a connection's two directions. */
export interface MseCipher {
  readonly send: Rc4;
  readonly receive: Rc4;
}

/** What an encryption handshake led to. */
export interface MseResult {
  readonly infoHash: SwarmHash;
  /** For what follows; `undefined` when both sides agreed to go on in the clear. */
  readonly cipher: MseCipher | undefined;
  /** What came behind the handshake, decrypted. */
  readonly rest: Uint8Array;
}

/** What a side does after some bytes have come. */
export interface MseStep {
  /** What is to be sent now; may be empty. */
  readonly send: Uint8Array;
  readonly result?: MseResult;
}

/** `HASH('req1', S)`: where the second message of the connecting side begins. */
export function mseSyncHash(sha1: Sha1, secret: Uint8Array): Uint8Array {
  return labelled(sha1, 'req1', secret);
}

/** `HASH('req2', SKEY)`: by it the listening side finds the swarm. */
export function mseRequestHash(sha1: Sha1, infoHash: Uint8Array): Uint8Array {
  return labelled(sha1, 'req2', infoHash);
}

/** Puts `HASH('req3', S)` over a request hash, or takes it off again. */
export function maskRequestHash(sha1: Sha1, hash: Uint8Array, secret: Uint8Array): Uint8Array {
  const mask = labelled(sha1, 'req3', secret);
  return hash.map((byte, at) => byte ^ (mask[at] as number));
}

/** The ciphers of one side: the connecting side sends with key A, the listening side with key B. */
export function mseCiphers(
  sha1: Sha1,
  secret: Uint8Array,
  infoHash: Uint8Array,
  side: 'connecting' | 'listening',
): MseCipher {
  const a = new Rc4(labelled(sha1, 'keyA', secret, infoHash)).skip(SKIPPED_BYTES);
  const b = new Rc4(labelled(sha1, 'keyB', secret, infoHash)).skip(SKIPPED_BYTES);
  return side === 'connecting' ? { send: a, receive: b } : { send: b, receive: a };
}

/** The shared secret. Throws `bad-encryption` when what came is no public key. */
export function secretOf(keys: MseKeys, otherPublicKey: Uint8Array): Uint8Array {
  try {
    return keys.secretWith(otherPublicKey);
  } catch (cause) {
    throw new WireError('bad-encryption', `what came is no public key: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function labelled(sha1: Sha1, label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha1(concatBytes(toUtf8(label), ...parts));
}
