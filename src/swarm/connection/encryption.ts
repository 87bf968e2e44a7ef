import { randomBytes, randomInt } from 'node:crypto';
import { concatBytes, toHex } from '../../bytes/index.ts';
import {
  formatPeerAddress,
  isHandshakeStart,
  MSE_PAD_BYTES,
  MSE_PLAIN,
  MSE_RC4,
  MseInitiator,
  MseResponder,
  type MseStep,
  mseRequestHash,
  parseHandshake,
  type SwarmHash,
  WireError,
} from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import { awaitHandshake, type ShakenHands } from './handshake.ts';
import { createMseKeys, sha1 } from './key-exchange.ts';
import type { PeerSocket } from './socket.ts';

/**
 * Whether connections are encrypted (MSE).
 * - `off`: never.
 * - `allow`: incoming either way; outgoing in the clear, and encrypted when the other side closes that at once.
 * - `prefer`: outgoing encrypted, and in the clear when that fails; incoming either way.
 * - `require`: only encrypted, in both directions.
 */
export type EncryptionPolicy = 'off' | 'allow' | 'prefer' | 'require';

/** How a connection begins. */
export type Manner = 'plain' | 'encrypted';

type Done = (shaken: ShakenHands) => void;
type Failed = (error: SwarmError) => void;

/** How an outgoing connection is tried, in this order. */
export function mannersOf(policy: EncryptionPolicy): readonly Manner[] {
  switch (policy) {
    case 'off':
      return ['plain'];
    case 'allow':
      return ['plain', 'encrypted'];
    case 'prefer':
      return ['encrypted', 'plain'];
    case 'require':
      return ['encrypted'];
  }
}

/** Whether a connection that failed in one manner may succeed in the other. */
export function mayHelp({ code }: SwarmError, failed: Manner): boolean {
  if (code === 'cannot-connect' || code === 'peer-broke-protocol') return true;
  return code === 'timed-out' && failed === 'encrypted';
}

/** Shakes hands on a connection that we made. `hello` is our BitTorrent handshake. */
export function shakeOutgoing(
  socket: PeerSocket,
  hello: Uint8Array,
  options: { readonly manner: Manner; readonly policy: EncryptionPolicy; readonly timeoutMs: number },
  done: Done,
  failed: Failed,
): void {
  const { manner, policy, timeoutMs } = options;
  if (manner === 'plain') {
    socket.write(hello);
    awaitHandshake(socket, timeoutMs, done, failed);
    return;
  }
  const machine = new MseInitiator({
    keys: createMseKeys(),
    sha1,
    infoHash: parseHandshake(hello).infoHash as SwarmHash,
    provide: policy === 'allow' ? MSE_PLAIN | MSE_RC4 : MSE_RC4,
    payload: hello,
    padA: padding(),
    padC: padding(),
  });
  runMachine(socket, machine, timeoutMs, done, failed);
  socket.write(machine.start());
}

/** Shakes hands on a connection that came in, encrypted or not, as its first bytes and the policy tell. */
export function shakeIncoming(
  socket: PeerSocket,
  options: {
    readonly policy: EncryptionPolicy;
    readonly timeoutMs: number;
    readonly findRequest: (requestHash: Uint8Array) => SwarmHash | undefined;
  },
  done: Done,
  failed: Failed,
): void {
  const { policy, timeoutMs, findRequest } = options;
  if (policy === 'off') {
    awaitHandshake(socket, timeoutMs, done, failed);
    return;
  }
  const deadline = performance.now() + timeoutMs;
  const timer = closeAfter(socket, timeoutMs);
  let seen: Uint8Array = new Uint8Array(0);
  const onBytes = (chunk: Uint8Array): void => {
    seen = concatBytes(seen, chunk);
    if (isHandshakeStart(seen) && seen.length < 20) return;
    clearTimeout(timer);
    const left = deadline - performance.now();
    if (!isHandshakeStart(seen)) {
      const machine = new MseResponder({
        keys: createMseKeys(),
        sha1,
        find: findRequest,
        select: (provide) => selectOf(policy, provide),
        padB: padding(),
        padD: padding(),
      });
      runMachine(socket, machine, left, done, failed, seen);
    } else if (policy === 'require') {
      socket.close(
        new SwarmError(
          'peer-refused',
          `${formatPeerAddress(socket.address)} does not encrypt, as is required`,
        ),
      );
    } else {
      awaitHandshake(socket, left, done, failed, seen);
    }
  };
  socket.listen(onBytes, (error) => {
    clearTimeout(timer);
    failed(error);
  });
}

/** Swarms by what MSE asks for them with. */
export class RequestHashes {
  readonly #infoHashes = new Map<string, SwarmHash>();

  add(infoHash: SwarmHash): void {
    this.#infoHashes.set(toHex(mseRequestHash(sha1, infoHash)), infoHash);
  }

  delete(infoHash: SwarmHash): void {
    this.#infoHashes.delete(toHex(mseRequestHash(sha1, infoHash)));
  }

  find(requestHash: Uint8Array): SwarmHash | undefined {
    return this.#infoHashes.get(toHex(requestHash));
  }
}

/** In the clear where both sides may: RC4 hides the traffic's form only, and costs both sides time. */
function selectOf(policy: EncryptionPolicy, provide: number): number {
  const wanted =
    policy === 'allow' ? [MSE_PLAIN, MSE_RC4] : policy === 'prefer' ? [MSE_RC4, MSE_PLAIN] : [MSE_RC4];
  return wanted.find((bit) => (provide & bit) !== 0) ?? 0;
}

/** Runs the encryption handshake and then the one inside, both within the time. */
function runMachine(
  socket: PeerSocket,
  machine: { push(chunk: Uint8Array): MseStep },
  timeoutMs: number,
  done: Done,
  failed: Failed,
  first?: Uint8Array,
): void {
  const deadline = performance.now() + timeoutMs;
  const timer = closeAfter(socket, timeoutMs);
  const onBytes = (chunk: Uint8Array): void => {
    let step: MseStep;
    try {
      step = machine.push(chunk);
    } catch (cause) {
      socket.close(asFault(socket, cause));
      return;
    }
    if (step.send.length > 0) socket.write(step.send);
    if (!step.result) return;
    clearTimeout(timer);
    const { cipher, rest } = step.result;
    if (cipher) socket.encrypt(cipher);
    awaitHandshake(socket, deadline - performance.now(), done, failed, rest);
  };
  socket.listen(onBytes, (error) => {
    clearTimeout(timer);
    failed(error);
  });
  if (first) onBytes(first);
}

function closeAfter(socket: PeerSocket, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(
    () => {
      const name = formatPeerAddress(socket.address);
      socket.close(new SwarmError('timed-out', `${name} did not shake hands in time`));
    },
    Math.max(0, timeoutMs),
  );
}

function asFault(socket: PeerSocket, cause: unknown): SwarmError {
  const message = `${formatPeerAddress(socket.address)}: ${(cause as Error).message}`;
  return new SwarmError(cause instanceof WireError ? 'peer-broke-protocol' : 'closed', message, { cause });
}

function padding(): Uint8Array {
  return randomBytes(randomInt(MSE_PAD_BYTES + 1));
}
