import {
  type BlockSpan,
  EXTENSION_HANDSHAKE_ID,
  type ExtensionHandshake,
  encodeExtensionHandshake,
  encodeMessage,
  formatPeerAddress,
  type Handshake,
  MessageDecoder,
  type MessageSink,
  type PeerAddress,
  type PeerMessage,
  parseExtensionHandshake,
  WireError,
} from '../../wire/index.ts';
import { SwarmError } from '../error.ts';
import type { PeerSocket } from './socket.ts';

/** Who a peer's messages go to: a swarm, or a probe. */
export interface PeerOwner {
  /** Every message but the extension handshake and those that only change the choke and interest flags. */
  onMessage(peer: Peer, message: PeerMessage): void;
  onExtensionHandshake(peer: Peer, handshake: ExtensionHandshake): void;
  /** Where a block's bytes go; `undefined` when it is not wanted. */
  beginBlock(peer: Peer, span: BlockSpan): Uint8Array | undefined;
  endBlock(peer: Peer, span: BlockSpan): void;
  onClose(peer: Peer, reason: SwarmError): void;
}

/**
 * A connection that has shaken hands: flags, counters, and messages in both directions. Errors of the wire and of
 * whoever handles its messages close this one connection, and never escape.
 */
export class Peer implements MessageSink {
  readonly address: PeerAddress;
  readonly remote: Handshake;
  readonly isIncoming: boolean;
  /** Whether both sides agreed on the v2 identity: then hashes may be asked for (BEP 52). */
  readonly isV2: boolean;
  /** We refuse their requests. */
  isChoked = true;
  /** They refuse our requests. */
  isChoking = true;
  /** They want blocks of us. */
  isInterested = false;
  /** We want blocks of them. */
  isInteresting = false;
  extension: ExtensionHandshake | undefined;
  receivedBlockBytes = 0;
  sentBlockBytes = 0;
  /** Of all messages, heads and blocks included, as they were before any encryption. */
  sentBytes = 0;
  lastHeardMs: number;
  lastSentMs: number;
  readonly #socket: PeerSocket;
  readonly #owner: PeerOwner;
  readonly #decoder: MessageDecoder;
  readonly #now: () => number;
  readonly #sendQueueBytes: number;

  constructor(parts: {
    readonly socket: PeerSocket;
    readonly remote: Handshake;
    readonly isIncoming: boolean;
    readonly isV2: boolean;
    readonly owner: PeerOwner;
    readonly now: () => number;
    readonly sendQueueBytes: number;
  }) {
    this.address = parts.socket.address;
    this.remote = parts.remote;
    this.isIncoming = parts.isIncoming;
    this.isV2 = parts.isV2;
    this.#socket = parts.socket;
    this.#owner = parts.owner;
    this.#now = parts.now;
    this.#sendQueueBytes = parts.sendQueueBytes;
    this.#decoder = new MessageDecoder(this);
    this.lastHeardMs = this.lastSentMs = parts.now();
  }

  /** Takes over the socket; `rest` is what came behind the handshake. */
  start(rest: Uint8Array): void {
    this.#socket.listen(
      (chunk) => this.#take(chunk),
      (reason) => {
        this.#decoder.stop();
        this.#owner.onClose(this, reason);
      },
    );
    if (rest.length > 0) this.#take(rest);
  }

  /** For messages to people. */
  get name(): string {
    return formatPeerAddress(this.address);
  }

  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  get isEncrypted(): boolean {
    return this.#socket.isEncrypted;
  }

  /** Both ends of the connection as the system knows them; `undefined` once it is closed. */
  get ends(): PeerSocket['ends'] {
    return this.#socket.ends;
  }

  /** Whether we read nothing from it now because of a limit: then its silence is ours. */
  get isHeldBack(): boolean {
    return this.#socket.isHeldBack;
  }

  /** How often we have held it back. */
  get pauses(): number {
    return this.#socket.pauses;
  }

  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  onDrain(drained: () => void): void {
    this.#socket.onDrain(drained);
  }

  send(message: PeerMessage): void {
    this.sendBytes(encodeMessage(message));
  }

  /** Sends whole messages; `bytes` must not change until `sent` is called. */
  sendBytes(bytes: Uint8Array, sent?: () => void): void {
    this.lastSentMs = this.#now();
    this.sentBytes += bytes.length;
    this.#socket.write(bytes, sent);
    if (this.#socket.queuedBytes > this.#sendQueueBytes) {
      this.close(new SwarmError('timed-out', `${this.name} does not read what it asked for`));
    }
  }

  /** Sends an extended message, if the peer takes that extension. */
  sendExtended(name: string, payload: Uint8Array): boolean {
    const extensionId = this.extension?.extensions.get(name) ?? 0;
    if (extensionId === 0) return false;
    this.send({ type: 'extended', extensionId, payload });
    return true;
  }

  /** Sends our extension handshake, when the peer knows BEP 10. */
  sendExtensionHandshake(handshake: ExtensionHandshake): void {
    if (!this.remote.extended) return;
    const payload = encodeExtensionHandshake(handshake);
    this.send({ type: 'extended', extensionId: EXTENSION_HANDSHAKE_ID, payload });
  }

  setChoked(choked: boolean): void {
    if (this.isChoked === choked) return;
    this.isChoked = choked;
    this.send({ type: choked ? 'choke' : 'unchoke' });
  }

  setInteresting(interesting: boolean): void {
    if (this.isInteresting === interesting) return;
    this.isInteresting = interesting;
    this.send({ type: interesting ? 'interested' : 'not-interested' });
  }

  /** Passes over the rest of the block that is being read. */
  dropBlock(): void {
    this.#decoder.dropBlock();
  }

  close(reason: SwarmError): void {
    this.#socket.close(reason);
  }

  // From the decoder:

  message(message: PeerMessage): void {
    switch (message.type) {
      case 'keep-alive':
      case 'unknown':
        return;
      case 'choke':
      case 'unchoke':
        this.isChoking = message.type === 'choke';
        break;
      case 'interested':
      case 'not-interested':
        this.isInterested = message.type === 'interested';
        break;
      case 'extended':
        if (message.extensionId === EXTENSION_HANDSHAKE_ID) {
          this.extension = parseExtensionHandshake(message.payload);
          this.#owner.onExtensionHandshake(this, this.extension);
          return;
        }
        break;
      default:
    }
    this.#owner.onMessage(this, message);
  }

  beginBlock(span: BlockSpan): Uint8Array | undefined {
    return this.#owner.beginBlock(this, span);
  }

  endBlock(span: BlockSpan): void {
    this.#owner.endBlock(this, span);
  }

  blockBytes(count: number): void {
    this.receivedBlockBytes += count;
  }

  /** Into shared memory `TypedArray.set` goes word by word, seven times as slow as this. */
  copy(chunk: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
    copyBytes.call(chunk, target, at, from, to);
  }

  #take(chunk: Uint8Array): void {
    this.lastHeardMs = this.#now();
    try {
      this.#decoder.push(chunk);
    } catch (cause) {
      this.close(asPeerFault(this.name, cause));
    }
  }
}

const { copy: copyBytes } = Buffer.prototype;

function asPeerFault(name: string, cause: unknown): SwarmError {
  if (cause instanceof SwarmError) return cause;
  const { message } = cause as Error;
  if (cause instanceof WireError)
    return new SwarmError('peer-broke-protocol', `${name}: ${message}`, { cause });
  return new SwarmError('closed', `${name}: its message could not be handled: ${message}`, { cause });
}
