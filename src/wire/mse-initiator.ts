import { concatBytes } from '../bytes/index.ts';
import { WireError } from './error.ts';
import type { SwarmHash } from './handshake.ts';
import {
  MSE_CONSTANT_BYTES,
  MSE_KEY_BYTES,
  MSE_PAD_BYTES,
  MSE_RC4,
  type MseCipher,
  type MseKeys,
  type MseStep,
  maskRequestHash,
  mseCiphers,
  mseRequestHash,
  mseSyncHash,
  type Sha1,
  secretOf,
} from './mse.ts';
import { MseInbox } from './mse-inbox.ts';
import { readUint32 } from './parse-message.ts';

const NOTHING = new Uint8Array(0);

/** What the connecting side brings: all randomness comes from outside. */
export interface MseInitiatorParts {
  readonly keys: MseKeys;
  readonly sha1: Sha1;
  readonly infoHash: SwarmHash;
  /** Bits of what may follow: {@link MSE_PLAIN}, {@link MSE_RC4}. */
  readonly provide: number;
  /** The first bytes of the payload: the BitTorrent handshake. */
  readonly payload: Uint8Array;
  /** Random bytes, at most {@link MSE_PAD_BYTES}. */
  readonly padA: Uint8Array;
  readonly padC: Uint8Array;
}

/**
 * The connecting side of MSE as a state machine: bytes in, however they are split; what to send, and in the end the
 * result, out. `push` throws `bad-encryption` on what breaks the protocol; it is then of no more use.
 */
export class MseInitiator {
  readonly #parts: MseInitiatorParts;
  readonly #inbox = new MseInbox();
  #cipher: MseCipher | undefined;
  /** The encrypted verification constant, until it has come. */
  #mark: Uint8Array | undefined;
  #select: number | undefined;
  #padBytes = 0;

  constructor(parts: MseInitiatorParts) {
    this.#parts = parts;
  }

  /** The first message. */
  start(): Uint8Array {
    return concatBytes(this.#parts.keys.publicKey, this.#parts.padA);
  }

  push(chunk: Uint8Array): MseStep {
    this.#inbox.push(chunk);
    const send = this.#cipher ? NOTHING : this.#takeKey();
    const cipher = this.#cipher;
    if (!cipher) return { send };
    if (this.#mark) {
      if (!this.#inbox.passMark(this.#mark, MSE_PAD_BYTES)) return { send };
      this.#mark = undefined;
    }
    if (this.#select === undefined && !this.#takeSelect(cipher)) return { send };
    const pad = this.#inbox.take(this.#padBytes);
    if (!pad) return { send };
    cipher.receive.apply(pad, pad);
    const rest = this.#inbox.take(this.#inbox.length) ?? NOTHING;
    if (this.#select === MSE_RC4) cipher.receive.apply(rest, rest);
    const { infoHash } = this.#parts;
    return { send, result: { infoHash, cipher: this.#select === MSE_RC4 ? cipher : undefined, rest } };
  }

  /** Takes the other public key, and gives our second message. */
  #takeKey(): Uint8Array {
    const theirs = this.#inbox.take(MSE_KEY_BYTES);
    if (!theirs) return NOTHING;
    const { keys, sha1, infoHash, provide, padC, payload } = this.#parts;
    const secret = secretOf(keys, theirs);
    const cipher = mseCiphers(sha1, secret, infoHash, 'connecting');
    this.#cipher = cipher;
    this.#mark = new Uint8Array(MSE_CONSTANT_BYTES);
    cipher.receive.apply(this.#mark, this.#mark);
    const hidden = concatBytes(
      new Uint8Array(MSE_CONSTANT_BYTES),
      Uint8Array.of(0, 0, 0, provide),
      lengthOf(padC),
      padC,
      lengthOf(payload),
      payload,
    );
    cipher.send.apply(hidden, hidden);
    const request = maskRequestHash(sha1, mseRequestHash(sha1, infoHash), secret);
    return concatBytes(mseSyncHash(sha1, secret), request, hidden);
  }

  #takeSelect(cipher: MseCipher): boolean {
    const head = this.#inbox.take(6);
    if (!head) return false;
    cipher.receive.apply(head, head);
    const select = readUint32(head, 0);
    const padBytes = ((head[4] as number) << 8) | (head[5] as number);
    if (select === 0 || (select & (select - 1)) !== 0 || (select & this.#parts.provide) !== select) {
      throw new WireError('bad-encryption', `crypto_select ${select} is nothing that was provided`);
    }
    if (padBytes > MSE_PAD_BYTES) {
      throw new WireError('bad-encryption', `PadD of ${padBytes} bytes is longer than ${MSE_PAD_BYTES}`);
    }
    this.#select = select;
    this.#padBytes = padBytes;
    return true;
  }
}

/** A length as two bytes. */
function lengthOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(bytes.length >> 8, bytes.length & 0xff);
}
