import type { InfoHashV2 } from '../../bytes/index.ts';
import { METADATA_EXTENSION, parseMetadataMessage } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';
import type { SwarmError } from '../error.ts';
import type { Extension, Greeting } from './extension.ts';
import { MetadataFetcher } from './metadata-fetcher.ts';
import { MetadataServer } from './metadata-server.ts';

/** What `ut_metadata` needs of its swarm. */
export interface MetadataParts {
  /** A clock that only goes forward, in milliseconds. */
  readonly now: () => number;
  /** The info dictionary came, verified. */
  readonly onMetadata: (infoBytes: Uint8Array) => void;
  readonly ban: (peer: Peer, reason: SwarmError) => void;
  /** A peer said that it does not give it now. */
  readonly onReject?: (peer: Peer) => void;
}

/** The info dictionary (BEP 9, `ut_metadata`): asked for while a magnet link is all there is, given to others then. */
export class MetadataExtension implements Extension {
  readonly name = METADATA_EXTENSION;
  readonly #server = new MetadataServer();
  #fetcher: MetadataFetcher | undefined;

  constructor(infoHash: InfoHashV2, parts: MetadataParts) {
    this.#fetcher = new MetadataFetcher(infoHash, {
      ...parts,
      onMetadata: (infoBytes) => {
        this.know(infoBytes);
        parts.onMetadata(infoBytes);
      },
    });
  }

  /** The info dictionary is known: nobody is asked for it any more. */
  know(infoBytes: Uint8Array): void {
    this.#fetcher = undefined;
    this.#server.know(infoBytes);
  }

  greeting(): Greeting {
    const metadataBytes = this.#server.sizeBytes;
    return metadataBytes === undefined ? {} : { metadataBytes };
  }

  onHandshake(peer: Peer): void {
    this.#fetcher?.join(peer);
  }

  onMessage(peer: Peer, payload: Uint8Array): void {
    const message = parseMetadataMessage(payload);
    if (message?.type === 'request') this.#server.answer(peer, message.pieceIndex);
    else if (message) this.#fetcher?.onMessage(peer, message);
  }

  leave(peer: Peer): void {
    this.#server.leave(peer);
    this.#fetcher?.leave(peer);
  }

  tick(): void {
    this.#fetcher?.tick();
  }
}
