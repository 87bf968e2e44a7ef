import { EXTENSION_HANDSHAKE_ID, type ExtensionHandshake, type PeerMessage } from '../../wire/index.ts';
import type { Peer } from '../connection/peer.ts';

/** What an extension adds to our extension handshake. */
export type Greeting = Partial<Omit<ExtensionHandshake, 'extensions'>>;

/** One extension (BEP 10) of one swarm, or of a single connection: all that it does stands behind this. */
export interface Extension {
  /** The name under which peers offer it, such as `ut_metadata`. */
  readonly name: string;
  greeting?(): Greeting;
  /** A peer told what it offers: `peer.extension`. It may do so again. */
  onHandshake?(peer: Peer): void;
  /** A message that a peer sent under our id. What it throws ends that one connection. */
  onMessage(peer: Peer, payload: Uint8Array): void;
  /** A peer is gone. */
  leave?(peer: Peer): void;
  /** Called once a second. */
  tick?(): void;
}

/** The extensions of a swarm, under the ids by which we take their messages: 1, 2, 3… in the order they were added. */
export class Extensions {
  readonly #byId: Extension[] = [];
  readonly #ids = new Map<string, number>();

  constructor(extensions: readonly Extension[]) {
    for (const extension of extensions) this.add(extension);
  }

  /** Offers one more to every peer that connects from now on. */
  add(extension: Extension): void {
    this.#byId.push(extension);
    this.#ids.set(extension.name, EXTENSION_HANDSHAKE_ID + this.#byId.length);
  }

  /** What our extension handshake says on behalf of all of them. */
  greeting(): Greeting & Pick<ExtensionHandshake, 'extensions'> {
    const greetings = this.#byId.map((extension) => extension.greeting?.() ?? {});
    return Object.assign({ extensions: this.#ids }, ...greetings) as ReturnType<Extensions['greeting']>;
  }

  onHandshake(peer: Peer): void {
    for (const extension of this.#byId) extension.onHandshake?.(peer);
  }

  /** Hands a message to its extension; one under an id that we never gave out is passed over (BEP 10). */
  onMessage(peer: Peer, { extensionId, payload }: Extract<PeerMessage, { type: 'extended' }>): void {
    this.#byId[extensionId - EXTENSION_HANDSHAKE_ID - 1]?.onMessage(peer, payload);
  }

  leave(peer: Peer): void {
    for (const extension of this.#byId) extension.leave?.(peer);
  }

  tick(): void {
    for (const extension of this.#byId) extension.tick?.();
  }
}
