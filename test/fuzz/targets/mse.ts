// The encryption handshake (MSE): bytes of any kind, and well encrypted ones of any content, however they are split.
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { brandBytes, concatBytes } from '../../../src/bytes/index.ts';
import {
  MSE_KEY_BYTES,
  MSE_PLAIN,
  MSE_RC4,
  MseInitiator,
  type MseKeys,
  MseResponder,
  type MseStep,
  mseRequestHash,
  WireError,
} from '../../../src/wire/index.ts';
import { maskRequestHash, mseCiphers, mseSyncHash } from '../../../src/wire/mse.ts';
import { accepted, Choices, inParts } from '../support.ts';

const sha1 = (bytes: Uint8Array): Uint8Array => hash('sha1', bytes, 'buffer');
const INFO_HASH = brandBytes('TruncatedInfoHash', new Uint8Array(20).fill(7));
const THEIR_KEY = new Uint8Array(MSE_KEY_BYTES).fill(9);
const PAYLOAD = new Uint8Array(68).fill(1);

/** Stands for the Diffie-Hellman exchange, which is Node's: it would take most of the time. */
const keys: MseKeys = {
  publicKey: new Uint8Array(MSE_KEY_BYTES).fill(3),
  secretWith: (theirs) => {
    if (theirs.every((byte) => byte === 0)) throw new Error('no public key');
    return theirs.map((byte, at) => byte ^ at);
  },
};

interface Machine {
  push(chunk: Uint8Array): MseStep;
}

export function fuzz(bytes: Uint8Array): void {
  const choices = new Choices(bytes);
  const kind = choices.below(4);
  const seed = choices.below(256);
  const provided = choices.below(4);
  const pad = choices.take(choices.below(8) * 73); // 512 is the longest that may be
  const content = choices.rest();
  const isResponder = kind % 2 === 0;
  const start = (): Machine => (isResponder ? responder(provided) : initiator(provided));
  const stream = kind < 2 ? content : isResponder ? asked(pad, content) : answered(pad, content);
  const whole = run(start(), (push) => push(stream.slice()));
  const split = run(start(), (push) => inParts(stream, seed, push));
  if (!isDeepStrictEqual(whole, split)) throw new Error('another split of the stream ends otherwise');
  if (whole.rest.length > stream.length) throw new Error('more came out than went in');
}

function responder(provided: number): Machine {
  const wanted = mseRequestHash(sha1, INFO_HASH);
  return new MseResponder({
    keys,
    sha1,
    find: (request) => (Buffer.compare(request, wanted) === 0 ? INFO_HASH : undefined),
    select: (provide) => [MSE_PLAIN, MSE_RC4].find((bit) => (provide & provided & bit) !== 0) ?? 0,
    padB: new Uint8Array(3),
    padD: new Uint8Array(5),
  });
}

function initiator(provide: number): Machine {
  const pads = { padA: new Uint8Array(2), padC: new Uint8Array(4) };
  return new MseInitiator({ keys, sha1, infoHash: INFO_HASH, provide, payload: PAYLOAD, ...pads });
}

/** What a connecting side sends: key, padding, the right hashes, and content under the cipher. */
function asked(pad: Uint8Array, content: Uint8Array): Uint8Array {
  const secret = keys.secretWith(THEIR_KEY);
  const hidden = concatBytes(new Uint8Array(8), content);
  mseCiphers(sha1, secret, INFO_HASH, 'connecting').send.apply(hidden, hidden);
  const request = maskRequestHash(sha1, mseRequestHash(sha1, INFO_HASH), secret);
  return concatBytes(THEIR_KEY, pad, mseSyncHash(sha1, secret), request, hidden);
}

/** What a listening side answers. */
function answered(pad: Uint8Array, content: Uint8Array): Uint8Array {
  const hidden = concatBytes(new Uint8Array(8), content);
  mseCiphers(sha1, keys.secretWith(THEIR_KEY), INFO_HASH, 'listening').send.apply(hidden, hidden);
  return concatBytes(THEIR_KEY, pad, hidden);
}

/** Runs a side to its end; what comes behind a result is no longer its business, but belongs to the rest. */
function run(machine: Machine, feed: (push: (part: Uint8Array) => void) => void) {
  let rest = new Uint8Array(0);
  let sent = new Uint8Array(0);
  let result: MseStep['result'];
  let failure: string | undefined;
  accepted(WireError, () => {
    try {
      feed((part) => {
        if (result) {
          const more = part.slice();
          result.cipher?.receive.apply(more, more);
          rest = concatBytes(rest, more);
          return;
        }
        const step = machine.push(part);
        sent = concatBytes(sent, step.send);
        result = step.result;
        if (result) rest = concatBytes(rest, result.rest);
      });
    } catch (error) {
      failure = (error as WireError).code;
      throw error;
    }
  });
  // A side that fails does not answer any more; whether it had by then is a matter of the split.
  if (failure !== undefined) return { rest, failure };
  return { rest, sent, isEncrypted: result?.cipher !== undefined, isDone: result !== undefined };
}
