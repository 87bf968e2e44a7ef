import { connect, type Socket } from 'node:net';
import process from 'node:process';
import type { MseCipher, PeerAddress } from '../../wire/index.ts';
import { formatPeerAddress } from '../../wire/index.ts';
import { SwarmError } from '../error.ts';

/**
 * Where outgoing connections put what they read. A read and the handling of its bytes are one synchronous step, so
 * that one buffer serves all of them; on Windows reads are under way at the same time and each needs its own. It
 * is small enough to stay in the processor's cache until its bytes are copied on.
 */
const READ_BYTES = 64 * 1024;
const sharedBuffer: Uint8Array | undefined =
  process.platform === 'win32' ? undefined : new Uint8Array(READ_BYTES);

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
  #closed = false;

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

  /** Connects to a peer. Throws `cannot-connect`, or the signal's reason. */
  static dial(
    address: PeerAddress,
    localAddress: string | undefined,
    signal: AbortSignal,
  ): Promise<PeerSocket> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      let peer: PeerSocket | undefined;
      const socket = connect({
        host: address.host,
        port: address.port,
        ...(localAddress === undefined ? {} : { localAddress }),
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

  /** Encrypts what is written, and decrypts what comes, from now on. */
  encrypt(cipher: MseCipher): void {
    this.#cipher = cipher;
  }

  /** Sets who hears that everything written has left. */
  onDrain(drained: () => void): void {
    this.#onDrain = drained;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
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
    this.#socket.write(this.#cipher ? encrypted(bytes, this.#cipher) : bytes, () => sent?.());
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
    this.#cipher?.receive.apply(chunk, chunk); // the memory is nobody else's
    this.#onBytes(chunk);
  }

  #closedByPeer(): void {
    this.close(new SwarmError('cannot-connect', `${formatPeerAddress(this.address)} closed the connection`));
  }
}

function encrypted(bytes: Uint8Array, { send }: MseCipher): Uint8Array {
  const hidden = new Uint8Array(bytes.length);
  send.apply(bytes, hidden);
  return hidden;
}
