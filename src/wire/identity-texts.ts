import { concatBytes, type InfoHashV2, type PeerId, toUtf8 } from '../bytes/index.ts';
import type { IdentityChallenge } from './identity.ts';
import { addressBytes } from './peer-address.ts';

/** The connection that a proof is bound to. */
export interface IdentityConnection {
  readonly infoHash: InfoHashV2;
  /** The peer ids of both handshakes: who asks, and who is asked. */
  readonly verifierId: PeerId;
  readonly seederId: PeerId;
}

/** No statement (it begins with `DSSEv1 `) and no note (it holds no NUL) begins like these. */
const CHALLENGE_LABEL = toUtf8('bitquorum/identity/challenge/v1\0');
const PROOF_LABEL = toUtf8('bitquorum/identity/proof/v1\0');
/** What stands before an IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/**
 * What the verifier signs, 186 bytes: `"bitquorum/identity/challenge/v1\0" ‖ verifier's key[32] ‖ nonce[32] ‖ address[16]
 * ‖ port, big-endian[2] ‖ infohash[32] ‖ verifier's peer id[20] ‖ seeder's peer id[20]`.
 */
export function challengeText(
  { key, nonce, address, port }: Omit<IdentityChallenge, 'type' | 'signature'>,
  { infoHash, verifierId, seederId }: IdentityConnection,
): Uint8Array {
  const portBytes = Uint8Array.of(port >> 8, port & 0xff);
  return concatBytes(CHALLENGE_LABEL, key, nonce, address, portBytes, infoHash, verifierId, seederId);
}

/**
 * What the seeder signs, 92 bytes: `"bitquorum/identity/proof/v1\0" ‖ SHA-256 of {@link challengeText}[32] ‖ builder's
 * key[32]`.
 */
export function proofText(challengeDigest: Uint8Array, builderKey: Uint8Array): Uint8Array {
  return concatBytes(PROOF_LABEL, challengeDigest, builderKey);
}

/** The 16 bytes of an address in text form, a zone (`%eth0`) left out; `undefined` when it is no address. */
export function mappedAddress(host: string): Uint8Array | undefined {
  const bytes = addressBytes(host.replace(/%.*$/, ''));
  if (bytes === undefined) return undefined;
  return bytes.length === 4 ? concatBytes(MAPPED, Uint8Array.from(bytes)) : Uint8Array.from(bytes);
}
