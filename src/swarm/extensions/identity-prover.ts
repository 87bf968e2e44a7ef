import { equalBytes, type InfoHashV2, type PeerId } from '../../bytes/index.ts';
import { sha256 } from '../../sha256/index.ts';
import {
  challengeText,
  encodeIdentityMessage,
  IDENTITY_EXTENSION,
  type IdentityChallenge,
  type IdentityRefusal,
  mappedAddress,
  type PeerAddress,
  parseIdentityMessage,
  proofText,
} from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import { SwarmError } from '../error.ts';
import type { Extension } from './extension.ts';
import { type KeySigner, keyBytes, type VerifySignature } from './identity-keys.ts';
import { isOwnAddress } from './own-address.ts';
import type { ProofBudget } from './proof-budget.ts';

/** By what a seeder proves whose it is. Whoever connects may learn the key. */
export interface SeedIdentity {
  /** The builder's key. */
  readonly signer: KeySigner;
  /**
   * Where others reach this seeder, if not at an address of this machine: behind NAT, the router's address and the port
   * that it forwards. Addresses, not names. A wrong one lets a relay at that address pass as this seeder.
   */
  readonly addresses?: readonly PeerAddress[];
  /** The only verifiers that are answered, 64 hex digits each; everybody is when it is left out. */
  readonly verifiers?: readonly string[];
}

interface ProverParts {
  readonly infoHash: InfoHashV2;
  /** Our own id, as handshakes tell it. */
  readonly peerId: PeerId;
  readonly verify: VerifySignature;
  readonly budget: ProofBudget;
}

/** Challenges on one connection beyond which it is closed. */
const MOST_CHALLENGES = 8;

/**
 * Proves the builder's key to verifiers that dialled this very seeder (`bq_identity`): the address that they dialled is
 * in what they signed, and what is not our own address is refused, so that nobody can pass a challenge on to us and
 * our proof back. Cheap questions come first: nothing is signed for a challenge that its sender did not sign.
 */
export class IdentityProver implements Extension {
  readonly name = IDENTITY_EXTENSION;
  readonly #identity: SeedIdentity;
  readonly #key: Uint8Array;
  readonly #verifiers: readonly Uint8Array[] | undefined;
  readonly #parts: ProverParts;
  readonly #counts = new Map<Peer, number>();

  /** Throws `bad-identity` for keys that are none, and for names in the place of addresses. */
  constructor(identity: SeedIdentity, parts: ProverParts) {
    this.#identity = identity;
    this.#key = keyBytes(identity.signer.key);
    this.#verifiers = identity.verifiers?.map(keyBytes);
    const name = identity.addresses?.find(({ host }) => mappedAddress(host) === undefined);
    if (name) {
      throw new SwarmError(
        'bad-identity',
        `${JSON.stringify(name.host)} is no address: give digits, not a name`,
      );
    }
    this.#parts = parts;
  }

  onMessage(peer: Peer, payload: Uint8Array): void {
    const message = parseIdentityMessage(payload);
    if (message?.type !== 'challenge' && message?.type !== 'other-version') return;
    const count = (this.#counts.get(peer) ?? 0) + 1;
    this.#counts.set(peer, count);
    if (count > MOST_CHALLENGES) {
      throw new SwarmError('peer-broke-protocol', `${peer.name} asks for proofs without end`);
    }
    if (message.type === 'other-version') refuse(peer, 'version');
    else this.#answer(peer, message);
  }

  leave(peer: Peer): void {
    this.#counts.delete(peer);
  }

  #answer(peer: Peer, challenge: IdentityChallenge): void {
    const { infoHash, peerId: seederId, verify, budget } = this.#parts;
    const reason = this.#objection(peer, challenge);
    if (reason !== undefined) {
      refuse(peer, reason);
      return;
    }
    if (!budget.spend(peer.address.host)) {
      refuse(peer, 'busy');
      return;
    }
    const text = challengeText(challenge, { infoHash, verifierId: peer.remote.peerId, seederId });
    if (!verify(challenge.key, text, challenge.signature)) {
      refuse(peer, 'signature');
      return;
    }
    const signature = this.#identity.signer.sign(proofText(sha256(text), this.#key));
    peer.sendExtended(this.name, encodeIdentityMessage({ type: 'proof', key: this.#key, signature }));
  }

  /** Why a challenge is not even worth verifying. */
  #objection(peer: Peer, challenge: IdentityChallenge): IdentityRefusal | undefined {
    if (this.#verifiers && !this.#verifiers.some((key) => equalBytes(key, challenge.key))) return 'verifier';
    const { ends } = peer;
    // Who did not dial us dialled no address of ours.
    const isOurs =
      peer.isIncoming && ends !== undefined && isOwnAddress(challenge, ends, this.#identity.addresses ?? []);
    return isOurs ? undefined : 'address';
  }
}

function refuse(peer: Peer, reason: IdentityRefusal): void {
  peer.sendExtended(IDENTITY_EXTENSION, encodeIdentityMessage({ type: 'refusal', reason }));
}
