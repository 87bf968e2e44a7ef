import { connect, type LookupFunction, type Socket } from 'node:net';
import process from 'node:process';
import type { MseCipher, PeerAddress } from '../../wire/index.ts';
import { formatPeerAddress } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import type { Throttle } from '../rates/throttle.ts';
import { ReadBrake } from './read-brake.ts';

/**
 * Where outgoing connections put what they read. A read and the handling of its bytes are one synchronous step, so
 * that one buffer serves all of them; on Windows reads are under way at the same time and each needs its own. It
 * is small enough to stay in the processor's cache until its bytes are copied on.
 */
const READ_BYTES = 64 * 1024;
const sharedBuffer: Uint8Array | undefined =
  process.platform === 'win32' ? undefined : new Uint8Array(READ_BYTES);

/** What a write costs until it is done, besides its bytes: a buffer's head, a callback, a request. */
const WRITE_BYTES = 512;

/**
 * A byte pipe to a peer over TCP. Bytes come by a callback in memory that is only valid during the call; writes made
 * in one turn of the event loop leave in one system call. Encryption (MSE) stands here, between socket and
 * codec; a connection without it pays one comparison a call.
 */
export class PeerSocket {
  readonly address: PeerAddress;
  readonly #socket: Socket;
  #onBytes: (chunk: Uint8Array) => void = () => undefined;
  #onClose: (error: SwarmError) => void = () => undefined;
  #onDrain: () => void = () => undefined;
  #cipher: MseCipher | undefined;
  #corked = false;
  #writesUnderWay = 0;
  #closed = false;
  /** How many more bytes may come. */
  #allowance = Infinity;
  #brake: ReadBrake | undefined;

  /** Takes over a connected socket that nobody reads from yet. `readsByCallback`: see {@link PeerSocket.dial}. */
  constructor(socket: Socket, address: PeerAddress, readsByCallback = false) {
    this.#socket = socket;
    this.address = address;
    socket.setNoDelay(true);
    if (!readsByCallback) socket.on('data', (chunk: Uint8Array) => this.#take(chunk));
    socket.on('error', (cause) => {
      this.close(
        new SwarmError('cannot-connect', `${formatPeerAddress(address)}: ${cause.message}`, { cause }),
      );
    });
    socket.on('end', () => this.#closedByPeer());
    socket.on('close', () => this.#closedByPeer());
    socket.on('drain', () => this.#onDrain());
  }

  /** Connects to a peer; `lookup` resolves its name, if it has one. Throws `cannot-connect`, or the signal's reason. */
  static dial(
    address: PeerAddress,
    localAddress: string | undefined,
    signal: AbortSignal,
    lookup?: LookupFunction,
  ): Promise<PeerSocket> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      let peer: PeerSocket | undefined;
      const socket = connect({
        host: address.host,
        port: address.port,
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(lookup && { lookup }),
        onread: {
          buffer: sharedBuffer ?? new Uint8Array(READ_BYTES),
          callback: (count, buffer) => {
            if (peer !== undefined) peer.#take(buffer.subarray(0, count));
            return true;
          },
        },
      });
      const fail = (cause: Error) => {
        signal.removeEventListener('abort', abort);
        socket.destroy();
        reject(cause);
      };
      const refused = (cause: Error) =>
        fail(
          new SwarmError(
            'cannot-connect',
            `${formatPeerAddress(address)} cannot be reached: ${cause.message}`,
            { cause },
          ),
        );
      const abort = () => fail(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      socket.once('error', refused);
      socket.once('connect', () => {
        signal.removeEventListener('abort', abort);
        socket.removeListener('error', refused);
        peer = new PeerSocket(socket, address, true);
        resolve(peer);
      });
    });
  }

  /** Sets who takes bytes, and who hears of the end; once for the handshake, once for what follows. */
  listen(onBytes: (chunk: Uint8Array) => void, onClose: (error: SwarmError) => void): void {
    this.#onBytes = onBytes;
    this.#onClose = onClose;
  }

  /** This connection's own end and the other one as the system knows them; `undefined` once it is closed. */
  get ends(): { readonly local: PeerAddress; readonly remote: PeerAddress } | undefined {
    const { localAddress, localPort, remoteAddress, remotePort } = this.#socket;
    if (localAddress === undefined || localPort === undefined) return undefined;
    if (remoteAddress === undefined || remotePort === undefined) return undefined;
    const local = { host: plainAddress(localAddress), port: localPort };
    return { local, remote: { host: plainAddress(remoteAddress), port: remotePort } };
  }

  /** Bytes that came and went, encryption included. */
  get traffic(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return { receivedBytes: this.#socket.bytesRead, sentBytes: this.#socket.bytesWritten };
  }

  /** Ends the connection with `peer-broke-protocol` when more than so many further bytes come. */
  bound(bytes: number): void {
    this.#allowance = bytes;
  }

  /** Encrypts what is written, and decrypts what comes, from now on. */
  encrypt(cipher: MseCipher): void {
    this.#cipher = cipher;
  }

  /** Slows reading down to a limit: the system's buffers fill, and the other side has to wait. */
  throttleReads(intake: Throttle): void {
    this.#brake = new ReadBrake(this.#socket, intake);
  }

  /** Whether reading pauses because of a limit. */
  get isHeldBack(): boolean {
    return this.#brake?.isHeldBack ?? false;
  }

  /** How often it has paused. */
  get pauses(): number {
    return this.#brake?.pauses ?? 0;
  }

  /** Whether what is sent and received now is encrypted. */
  get isEncrypted(): boolean {
    return this.#cipher !== undefined;
  }

  /** Sets who hears that everything written has left. */
  onDrain(drained: () => void): void {
    this.#onDrain = drained;
  }

  /** Memory that waits to be sent: bytes, and what each write costs besides, which for small messages is most of it. */
  get queuedBytes(): number {
    return this.#socket.writableLength + this.#writesUnderWay * WRITE_BYTES;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Sends bytes, which must not change until `sent` is called. */
  write(bytes: Uint8Array, sent?: () => void): void {
    if (this.#closed) {
      sent?.();
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      queueMicrotask(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#writesUnderWay += 1;
    this.#socket.write(this.#cipher ? encrypted(bytes, this.#cipher) : bytes, () => {
      this.#writesUnderWay -= 1;
      sent?.();
    });
  }

  /** Ends the connection at once; tells the listener why, once. */
  close(reason: SwarmError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#onClose(reason);
  }

  #take(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#allowance -= chunk.length;
    if (this.#allowance < 0) {
      const name = formatPeerAddress(this.address);
      this.close(new SwarmError('peer-broke-protocol', `${name} sent more than was to be expected`));
      return;
    }
    this.#cipher?.receive.apply(chunk, chunk); // the memory is nobody else's
    this.#onBytes(chunk);
    if (!this.#closed) this.#brake?.took(chunk.length);
  }

  #closedByPeer(): void {
    this.close(new SwarmError('cannot-connect', `${formatPeerAddress(this.address)} closed the connection`));
  }
}

/** An IPv4 address that came in over IPv6, in its own form. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
}

function encrypted(bytes: Uint8Array, { send }: MseCipher): Uint8Array {
  const hidden = new Uint8Array(bytes.length);
  send.apply(bytes, hidden);
  return hidden;
}
