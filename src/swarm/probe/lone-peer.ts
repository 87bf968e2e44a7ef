import { type InfoHashV2, truncateInfoHash } from '../../bytes/index.ts';
import {
  type BlockSpan,
  encodeHandshake,
  formatPeerAddress,
  type HashRange,
  METADATA_EXTENSION,
  type PeerAddress,
  type PeerMessage,
  parseMetadataMessage,
} from '../../wire/index.ts';
import { type Manner, mayHelp, shakeOutgoing } from '../connection/encryption.ts';
import { OUR_EXTENSIONS, Peer, type PeerOwner } from '../connection/peer.ts';
import { createPeerId } from '../connection/peer-id.ts';
import { PeerSocket } from '../connection/socket.ts';
import { SwarmError } from '../error.ts';
import { HashRequests } from '../fetching/hash-requests.ts';
import { MetadataFetcher } from '../metadata/metadata.ts';
import { DEFAULT_ENGINE_OPTIONS } from '../options.ts';

interface WantedBlock {
  readonly span: BlockSpan;
  readonly bytes: Uint8Array;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: SwarmError) => void;
}

interface LoneOptions {
  readonly address: PeerAddress;
  readonly infoHash: InfoHashV2;
  readonly localAddress: string | undefined;
  readonly handshakeTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** One connection to a seeder outside of any swarm, for asking single things. It offers nothing itself. */
export class LonePeer implements PeerOwner {
  readonly #infoHash: InfoHashV2;
  readonly #hashRequests = new HashRequests();
  readonly #unchoked = Promise.withResolvers<void>();
  readonly #extended = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<never>();
  #peer: Peer | undefined;
  #metadata: MetadataFetcher | undefined;
  #wanted: WantedBlock | undefined;

  private constructor(infoHash: InfoHashV2) {
    this.#infoHash = infoHash;
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
    const { address, infoHash, localAddress, handshakeTimeoutMs, signal } = options;
    const lone = new LonePeer(infoHash);
    const socket = await PeerSocket.dial(address, localAddress, signal);
    const name = formatPeerAddress(address);
    const abort = (): void => socket.close(asSwarmError(signal.reason, name));
    signal.addEventListener('abort', abort, { once: true });
    void lone.#ended.promise.catch(() => signal.removeEventListener('abort', abort));
    const shaken = Promise.withResolvers<void>();
    const hello = encodeHandshake({
      infoHash: truncateInfoHash(infoHash),
      peerId: createPeerId(),
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
        lone.#ended.reject(error);
        shaken.reject(error);
      },
    );
    await shaken.promise;
    return lone;
  }

  /** The info dictionary, verified. Throws `peer-lied` or `peer-refused`. */
  async metadata(): Promise<Uint8Array> {
    const peer = this.#peer as Peer;
    const came = Promise.withResolvers<Uint8Array>();
    this.#metadata = new MetadataFetcher(this.#infoHash, {
      now: () => performance.now(),
      onMetadata: (infoBytes) => came.resolve(infoBytes),
      ban: (_, reason) => peer.close(reason),
    });
    if (!peer.extension) await this.#orEnd(this.#extended.promise);
    if (!peer.extension?.extensions.get(METADATA_EXTENSION) || !peer.extension.metadataBytes) {
      throw new SwarmError('peer-refused', `${peer.name} does not give the metadata of its torrent`);
    }
    this.#metadata.join(peer);
    return this.#orEnd(came.promise);
  }

  /** One block, unchecked. Throws `peer-refused`. */
  async block(span: BlockSpan): Promise<Uint8Array> {
    const peer = this.#peer as Peer;
    peer.setInteresting(true);
    if (peer.isChoking) await this.#orEnd(this.#unchoked.promise);
    return this.#orEnd(
      new Promise((resolve, reject) => {
        this.#wanted = { span, bytes: new Uint8Array(span.length), resolve, reject };
        peer.send({ type: 'request', ...span });
      }),
    );
  }

  /** Hashes, unchecked. Throws `peer-refused`. */
  hashes(range: HashRange): Promise<Uint8Array> {
    return this.#orEnd(this.#hashRequests.ask(this.#peer as Peer, range));
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
      case 'extended': {
        if (message.extensionId !== OUR_EXTENSIONS.get(METADATA_EXTENSION)) break;
        const answer = parseMetadataMessage(message.payload);
        if (answer) this.#metadata?.onMessage(peer, answer);
        break;
      }
      default:
    }
  }

  onExtensionHandshake(): void {
    this.#extended.resolve();
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
    this.#ended.reject(reason);
    this.#hashRequests.onClose(peer, reason);
  }

  #greet(peer: Peer, rest: Uint8Array): void {
    peer.sendExtensionHandshake({ extensions: OUR_EXTENSIONS, client: DEFAULT_ENGINE_OPTIONS.client });
    if (peer.remote.fast) peer.send({ type: 'have-none' });
    peer.start(rest);
  }

  #orEnd<Value>(wanted: Promise<Value>): Promise<Value> {
    return Promise.race([wanted, this.#ended.promise]);
  }
}

function asSwarmError(reason: unknown, name: string): SwarmError {
  if (reason instanceof SwarmError) return reason;
  return new SwarmError('timed-out', `${name}: no longer waited for: ${(reason as Error).message}`, {
    cause: reason,
  });
}
