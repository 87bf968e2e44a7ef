import { type InfoHashV2, type PeerId, truncateInfoHash } from '../../bytes/index.ts';
import {
  type BlockSpan,
  encodeHandshake,
  formatPeerAddress,
  type HashRange,
  type PeerAddress,
  type PeerMessage,
} from '../../wire/index.ts';
import { type Manner, mayHelp, shakeOutgoing } from '../connection/encryption.ts';
import { Peer, type PeerOwner } from '../connection/peer.ts';
import { PeerSocket } from '../connection/socket.ts';
import { SwarmError } from '../error.ts';
import { type Extension, Extensions } from '../extensions/extension.ts';
import { HashRequests } from '../fetching/hash-requests.ts';
import { DEFAULT_ENGINE_OPTIONS } from '../options.ts';

/** Bytes of a connection, encryption included. */
export interface Traffic {
  receivedBytes: number;
  sentBytes: number;
}

export interface LoneOptions {
  readonly address: PeerAddress;
  readonly infoHash: InfoHashV2;
  /** The id that we show. */
  readonly peerId: PeerId;
  /** What we speak besides blocks and hashes. */
  readonly extensions: readonly Extension[];
  readonly localAddress: string | undefined;
  readonly handshakeTimeoutMs: number;
  /** Most bytes that may come. */
  readonly maxBytes: number;
  /** Grows when a connection has ended. */
  readonly traffic: Traffic;
  readonly signal: AbortSignal;
}

interface WantedBlock {
  readonly span: BlockSpan;
  readonly bytes: Uint8Array;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: SwarmError) => void;
}

/** One connection to a seeder outside of any swarm, for asking single things. It offers nothing itself. */
export class LonePeer implements PeerOwner {
  readonly #extensions: Extensions;
  readonly #hashRequests = new HashRequests();
  readonly #unchoked = Promise.withResolvers<void>();
  readonly #extended = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<never>();
  #peer: Peer | undefined;
  #wanted: WantedBlock | undefined;
  /** Called once, at the end. */
  #settle: () => void = () => undefined;

  private constructor(extensions: readonly Extension[]) {
    this.#extensions = new Extensions(extensions);
    this.#ended.promise.catch(() => undefined); // who waits for something hears of it there
  }

  /** Connects, encrypted if need be, and shakes hands under the v2 infohash. Throws `cannot-connect`, `wrong-swarm`, or the signal's reason. */
  static async connect(options: LoneOptions): Promise<LonePeer> {
    try {
      return await LonePeer.#connect(options, 'plain');
    } catch (fault) {
      if (options.signal.aborted || !(fault instanceof SwarmError) || !mayHelp(fault, 'plain')) throw fault;
      // Some take encrypted connections only. What is told when it fails again is why the first one failed.
      return LonePeer.#connect(options, 'encrypted').catch(() => Promise.reject(fault));
    }
  }

  static async #connect(options: LoneOptions, manner: Manner): Promise<LonePeer> {
    const { address, infoHash, peerId, localAddress, handshakeTimeoutMs, signal, traffic } = options;
    const lone = new LonePeer(options.extensions);
    const socket = await PeerSocket.dial(address, localAddress, signal);
    socket.bound(options.maxBytes - traffic.receivedBytes);
    const name = formatPeerAddress(address);
    const abort = (): void => socket.close(asSwarmError(signal.reason, name));
    signal.addEventListener('abort', abort, { once: true });
    lone.#settle = () => {
      signal.removeEventListener('abort', abort);
      traffic.receivedBytes += socket.traffic.receivedBytes;
      traffic.sentBytes += socket.traffic.sentBytes;
    };
    const shaken = Promise.withResolvers<void>();
    const hello = encodeHandshake({
      infoHash: truncateInfoHash(infoHash),
      peerId,
      extended: true,
      fast: true,
      upgradable: true,
    });
    shakeOutgoing(
      socket,
      hello,
      { manner, policy: 'allow', timeoutMs: handshakeTimeoutMs },
      ({ remote, rest }) => {
        const isOurs = truncateInfoHash(infoHash).every((byte, at) => byte === remote.infoHash[at]);
        if (!isOurs) throw new SwarmError('wrong-swarm', `${name} answered with another infohash`);
        lone.#peer = new Peer({
          socket,
          remote,
          isIncoming: false,
          isV2: true,
          owner: lone,
          now: () => performance.now(),
          sendQueueBytes: DEFAULT_ENGINE_OPTIONS.sendQueueBytes,
        });
        lone.#greet(lone.#peer, rest);
        shaken.resolve();
      },
      (error) => {
        lone.#end(error);
        shaken.reject(error);
      },
    );
    await shaken.promise;
    return lone;
  }

  /** The connection, once the other side told its extensions. One that knows none of them throws `without`. */
  async extended(without: 'peer-refused' | 'identity-refused'): Promise<Peer> {
    const peer = this.#peer as Peer;
    if (!peer.remote.extended) {
      throw new SwarmError(without, `${peer.name} knows no extensions (BEP 10)`);
    }
    if (!peer.extension) await this.orEnd(this.#extended.promise);
    return peer;
  }

  /** The client's name and version as it tells them, once it did. Escape it before it is shown. */
  get client(): string | undefined {
    return this.#peer?.extension?.client;
  }

  /** One block, unchecked. Throws `peer-refused`. */
  async block(span: BlockSpan): Promise<Uint8Array> {
    const peer = this.#peer as Peer;
    peer.setInteresting(true);
    if (peer.isChoking) await this.orEnd(this.#unchoked.promise);
    return this.orEnd(
      new Promise((resolve, reject) => {
        this.#wanted = { span, bytes: new Uint8Array(span.length), resolve, reject };
        peer.send({ type: 'request', ...span });
      }),
    );
  }

  /** Hashes, unchecked. Throws `peer-refused`. */
  hashes(range: HashRange): Promise<Uint8Array> {
    return this.orEnd(this.#hashRequests.ask(this.#peer as Peer, range));
  }

  /** What is waited for, or why the connection ended before. */
  orEnd<Value>(wanted: Promise<Value>): Promise<Value> {
    return Promise.race([wanted, this.#ended.promise]);
  }

  close(): void {
    this.#peer?.close(new SwarmError('closed', 'nothing more is asked'));
  }

  // From the peer:

  onMessage(peer: Peer, message: PeerMessage): void {
    switch (message.type) {
      case 'unchoke':
        this.#unchoked.resolve();
        break;
      case 'hashes':
      case 'hash-reject':
        this.#hashRequests.onMessage(peer, message);
        break;
      case 'reject':
        this.#wanted?.reject(new SwarmError('peer-refused', `${peer.name} refused a block`));
        break;
      case 'extended':
        this.#extensions.onMessage(peer, message);
        break;
      default:
    }
  }

  onExtensionHandshake(peer: Peer): void {
    this.#extended.resolve();
    this.#extensions.onHandshake(peer);
  }

  beginBlock(_: Peer, { pieceIndex, begin, length }: BlockSpan): Uint8Array | undefined {
    const wanted = this.#wanted?.span;
    const isWanted = wanted?.pieceIndex === pieceIndex && wanted.begin === begin && wanted.length === length;
    return isWanted ? this.#wanted?.bytes : undefined;
  }

  endBlock(_: Peer, span: BlockSpan): void {
    const wanted = this.#wanted;
    if (wanted?.span.pieceIndex !== span.pieceIndex || wanted.span.begin !== span.begin) return;
    this.#wanted = undefined;
    wanted.resolve(wanted.bytes);
  }

  onClose(peer: Peer, reason: SwarmError): void {
    this.#end(reason);
    this.#hashRequests.onClose(peer, reason);
    this.#extensions.leave(peer);
  }

  #end(reason: SwarmError): void {
    this.#ended.reject(reason);
    this.#settle();
  }

  #greet(peer: Peer, rest: Uint8Array): void {
    peer.sendExtensionHandshake({ ...this.#extensions.greeting(), client: DEFAULT_ENGINE_OPTIONS.client });
    if (peer.remote.fast) peer.send({ type: 'have-none' });
    peer.start(rest);
  }
}

function asSwarmError(reason: unknown, name: string): SwarmError {
  if (reason instanceof SwarmError) return reason;
  return new SwarmError('timed-out', `${name}: no longer waited for: ${(reason as Error).message}`, {
    cause: reason,
  });
}
