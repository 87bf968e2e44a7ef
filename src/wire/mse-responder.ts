import { concatBytes } from '../bytes/index.ts';
import { WireError } from './error.ts';
import type { SwarmHash } from './handshake.ts';
import {
  MSE_CONSTANT_BYTES,
  MSE_KEY_BYTES,
  MSE_PAD_BYTES,
  MSE_PAYLOAD_BYTES,
  MSE_RC4,
  type MseCipher,
  type MseKeys,
  type MseStep,
  maskRequestHash,
  mseCiphers,
  mseSyncHash,
  type Sha1,
  secretOf,
} from './mse.ts';
import { MseInbox } from './mse-inbox.ts';
import { readUint32 } from './parse-message.ts';

const NOTHING = new Uint8Array(0);

/** What the listening side brings: all randomness comes from outside. */
export interface MseResponderParts {
  readonly keys: MseKeys;
  readonly sha1: Sha1;
  /** The swarm with a request hash, if it is here. */
  readonly find: (requestHash: Uint8Array) => SwarmHash | undefined;
  /** One of the bits that are provided; 0 when none of them will do. */
  readonly select: (provide: number) => number;
  /** Random bytes, at most {@link MSE_PAD_BYTES}. */
  readonly padB: Uint8Array;
  readonly padD: Uint8Array;
}

interface Found {
  readonly infoHash: SwarmHash;
  readonly cipher: MseCipher;
}

/**
 * The listening side of MSE as a state machine, like {@link MseInitiator}. It holds at most the longest message and
 * one chunk, and gives up on a padding, a payload or a search that is longer than it may be.
 */
export class MseResponder {
  readonly #parts: MseResponderParts;
  readonly #inbox = new MseInbox();
  #secret: Uint8Array | undefined;
  #isSynchronised = false;
  #found: Found | undefined;
  #select: number | undefined;
  #padBytes = 0;
  #payloadBytes: number | undefined;

  constructor(parts: MseResponderParts) {
    this.#parts = parts;
  }

  push(chunk: Uint8Array): MseStep {
    this.#inbox.push(chunk);
    const send = this.#secret ? NOTHING : this.#takeKey();
    this.#found ??= this.#secret && this.#findSwarm(this.#secret);
    if (!this.#found) return { send };
    const { infoHash, cipher } = this.#found;
    if (this.#select === undefined && !this.#takeProvide(cipher)) return { send };
    if (this.#payloadBytes === undefined && !this.#takePad(cipher)) return { send };
    const payload = this.#inbox.take(this.#payloadBytes ?? 0);
    if (!payload) return { send };
    cipher.receive.apply(payload, payload);
    const more = this.#inbox.take(this.#inbox.length) ?? NOTHING;
    const isHidden = this.#select === MSE_RC4;
    if (isHidden) cipher.receive.apply(more, more);
    return {
      send: concatBytes(send, this.#answer(cipher)),
      result: { infoHash, cipher: isHidden ? cipher : undefined, rest: concatBytes(payload, more) },
    };
  }

  /** Takes the other public key, and gives our first message. */
  #takeKey(): Uint8Array {
    const theirs = this.#inbox.take(MSE_KEY_BYTES);
    if (!theirs) return NOTHING;
    const { keys, padB } = this.#parts;
    this.#secret = secretOf(keys, theirs);
    return concatBytes(keys.publicKey, padB);
  }

  #findSwarm(secret: Uint8Array): Found | undefined {
    const { sha1, find } = this.#parts;
    this.#isSynchronised ||= this.#inbox.passMark(mseSyncHash(sha1, secret), MSE_PAD_BYTES);
    const masked = this.#isSynchronised ? this.#inbox.take(20) : undefined;
    if (!masked) return undefined;
    const infoHash = find(maskRequestHash(sha1, masked, secret));
    if (!infoHash) throw new WireError('bad-encryption', 'it asks for a torrent that is not here');
    return { infoHash, cipher: mseCiphers(sha1, secret, infoHash, 'listening') };
  }

  #takeProvide(cipher: MseCipher): boolean {
    const head = this.#inbox.take(MSE_CONSTANT_BYTES + 6);
    if (!head) return false;
    cipher.receive.apply(head, head);
    if (head.subarray(0, MSE_CONSTANT_BYTES).some((byte) => byte !== 0)) {
      throw new WireError('bad-encryption', 'the verification constant is not zero');
    }
    const provide = readUint32(head, MSE_CONSTANT_BYTES);
    this.#select = this.#parts.select(provide);
    if (this.#select === 0) throw new WireError('bad-encryption', `crypto_provide ${provide} will not do`);
    this.#padBytes = lengthAt(head, MSE_CONSTANT_BYTES + 4);
    if (this.#padBytes > MSE_PAD_BYTES) {
      throw new WireError(
        'bad-encryption',
        `PadC of ${this.#padBytes} bytes is longer than ${MSE_PAD_BYTES}`,
      );
    }
    return true;
  }

  #takePad(cipher: MseCipher): boolean {
    const pad = this.#inbox.take(this.#padBytes + 2);
    if (!pad) return false;
    cipher.receive.apply(pad, pad);
    this.#payloadBytes = lengthAt(pad, this.#padBytes);
    if (this.#payloadBytes > MSE_PAYLOAD_BYTES) {
      throw new WireError(
        'bad-encryption',
        `an initial payload of ${this.#payloadBytes} bytes is longer than ${MSE_PAYLOAD_BYTES}`,
      );
    }
    return true;
  }

  #answer(cipher: MseCipher): Uint8Array {
    const { padD } = this.#parts;
    const hidden = concatBytes(
      new Uint8Array(MSE_CONSTANT_BYTES),
      Uint8Array.of(0, 0, 0, this.#select ?? 0, padD.length >> 8, padD.length & 0xff),
      padD,
    );
    cipher.send.apply(hidden, hidden);
    return hidden;
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
