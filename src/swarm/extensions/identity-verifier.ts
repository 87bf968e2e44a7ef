import { equalBytes, type InfoHashV2, type PeerId, toHex } from '../../bytes/index.ts';
import { sha256 } from '../../sha256/index.ts';
import {
  challengeText,
  encodeIdentityMessage,
  formatPeerAddress,
  IDENTITY_EXTENSION,
  type IdentityProof,
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

/** How a seeder is asked for its builder's key. */
export interface IdentityQuestion {
  /** The verifier's key; it signs where the seeder was dialled. */
  readonly signer: KeySigner;
  /** The key that is to be proven, 64 hex digits; any when it is left out. */
  readonly expectedKey?: string | undefined;
}

const REASONS: Readonly<Record<Exclude<IdentityRefusal, 'busy'>, string>> = {
  version: 'it knows another version of the extension only',
  signature: 'it says that the challenge is not signed well',
  verifier: 'it answers other verifiers only',
  address:
    'it says that the address is not its own: somebody may stand between, or it does not know its address',
};

interface VerifierParts {
  readonly infoHash: InfoHashV2;
  /** Our own id, as the handshake told it. */
  readonly peerId: PeerId;
  readonly verify: VerifySignature;
  /** 32 bytes that nobody can foresee. */
  readonly nonce: Uint8Array;
}

interface Asked {
  readonly digest: Uint8Array;
  readonly resolve: (key: string) => void;
  readonly reject: (error: SwarmError) => void;
}

/** Asks one seeder that we dialled for its builder's key (`bq_identity`). For a single connection. */
export class IdentityVerifier implements Extension {
  readonly name = IDENTITY_EXTENSION;
  readonly #question: IdentityQuestion;
  readonly #parts: VerifierParts;
  #asked: Asked | undefined;

  constructor(question: IdentityQuestion, parts: VerifierParts) {
    this.#question = question;
    this.#parts = parts;
  }

  /**
   * The key that the seeder proves, 64 hex digits. The peer has told its extensions. Throws `identity-refused` when it
   * proves none, `peer-refused` when it was asked too often, `identity-wrong` when the proof is wrong or of another key
   * than expected. It does not end by itself: whoever waits also looks whether the connection ended.
   */
  ask(peer: Peer): Promise<string> {
    return new Promise((resolve, reject) => {
      const dialled = peer.ends?.remote;
      const { signer } = this.#question;
      const { infoHash, peerId: verifierId, nonce } = this.#parts;
      const challenge = { key: keyBytes(signer.key), nonce, ...placeOf(dialled ?? peer.address) };
      const text = challengeText(challenge, { infoHash, verifierId, seederId: peer.remote.peerId });
      this.#asked = { digest: sha256(text), resolve, reject };
      const signature = signer.sign(text);
      const message = encodeIdentityMessage({ type: 'challenge', ...challenge, signature });
      if (!peer.sendExtended(this.name, message)) {
        reject(refused(peer, `it does not know the extension ${this.name}`));
      }
    });
  }

  /** Takes the answer to the one challenge; what nobody asked for is passed over. */
  onMessage(peer: Peer, payload: Uint8Array): void {
    const asked = this.#asked;
    const message = parseIdentityMessage(payload);
    if (!asked || !message || message.type === 'challenge') return;
    this.#asked = undefined;
    if (message.type === 'proof') this.#check(peer, message, asked);
    else if (message.type === 'other-version') asked.reject(refused(peer, REASONS.version));
    else if (message.reason === 'busy') {
      asked.reject(new SwarmError('peer-refused', `${peer.name} was asked for proofs too often: ask later`));
    } else asked.reject(refused(peer, message.reason ? REASONS[message.reason] : 'it gives no reason'));
  }

  #check(peer: Peer, { key, signature }: IdentityProof, { digest, resolve, reject }: Asked): void {
    const { expectedKey } = this.#question;
    if (!this.#parts.verify(key, proofText(digest, key), signature)) {
      reject(new SwarmError('identity-wrong', `${peer.name} sent a proof of its key that is wrong`));
    } else if (expectedKey !== undefined && !equalBytes(key, keyBytes(expectedKey))) {
      reject(
        new SwarmError('identity-wrong', `${peer.name} is not of key ${expectedKey} but of ${toHex(key)}`),
      );
    } else {
      resolve(toHex(key));
    }
  }
}

function placeOf(dialled: PeerAddress): { readonly address: Uint8Array; readonly port: number } {
  const address = mappedAddress(dialled.host);
  if (address) return { address, port: dialled.port };
  throw new SwarmError('cannot-connect', `${formatPeerAddress(dialled)} was closed before it was asked`);
}

function refused(peer: Peer, why: string): SwarmError {
  return new SwarmError('identity-refused', `${peer.name} proves no key: ${why}`);
}
