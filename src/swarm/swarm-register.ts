import { equalBytes, toHex } from '../bytes/index.ts';
import type { SwarmHash } from '../wire/index.ts';
import { RequestHashes } from './connection/encryption.ts';
import type { Gate } from './connection/gate.ts';
import type { ShakenHands } from './connection/handshake.ts';
import { SwarmError } from './error.ts';
import { type Identity, swarmHashes } from './identity.ts';
import type { Swarm } from './swarm.ts';

/** The swarms of an engine, and which of them a connection is for. */
export class SwarmRegister {
  readonly #swarms = new Set<Swarm>();
  /** Swarms by the hex of every infohash they answer to. */
  readonly #byInfoHash = new Map<string, Swarm>();
  /** The same infohashes by what MSE asks for them with. */
  readonly #requests = new RequestHashes();

  get size(): number {
    return this.#swarms.size;
  }

  [Symbol.iterator](): Iterator<Swarm> {
    return this.#swarms.values();
  }

  add(swarm: Swarm): void {
    this.#swarms.add(swarm);
    this.enter(swarm);
  }

  /** Enters a swarm under each of its infohashes, of which it may have learnt another one. */
  enter(swarm: Swarm): void {
    for (const infoHash of swarmHashes(swarm.identity)) {
      this.#byInfoHash.set(toHex(infoHash), swarm);
      this.#requests.add(infoHash);
    }
  }

  delete(swarm: Swarm): void {
    this.#swarms.delete(swarm);
    for (const infoHash of swarmHashes(swarm.identity)) {
      if (this.#byInfoHash.get(toHex(infoHash)) !== swarm) continue;
      this.#byInfoHash.delete(toHex(infoHash));
      this.#requests.delete(infoHash);
    }
  }

  /** The swarm that a handshake names, by either infohash. */
  #named(infoHash: Uint8Array): Swarm | undefined {
    return this.#byInfoHash.get(toHex(infoHash));
  }

  /** The infohash that an encrypted connection asks for without telling it (MSE, "HASH('req2', SKEY)"). */
  requested(requestHash: Uint8Array): SwarmHash | undefined {
    return this.#requests.find(requestHash);
  }

  /** Throws `unsupported-torrent` when a torrent is here already, or when so many are that there is no room. */
  mustTake(identity: Identity, mostSwarms: number): void {
    if (this.size >= mostSwarms) {
      throw new SwarmError('unsupported-torrent', `this engine holds ${this.size} torrents and no more`);
    }
    if (this.#find(identity)) {
      throw new SwarmError('unsupported-torrent', `torrent ${toHex(identity.infoHashV2)} is here already`);
    }
  }

  /** Hands a connection that shook hands to its swarm, or ends it and gives its place back. */
  route(shaken: ShakenHands, gate: Gate): void {
    const { socket, remote } = shaken;
    const { host } = socket.address;
    const swarm = this.#named(remote.infoHash);
    if (swarm?.welcomes(host)) {
      swarm.accept(shaken);
      return;
    }
    socket.listen(
      () => undefined,
      () => gate.release(host),
    );
    socket.close(new SwarmError('wrong-swarm', 'no such torrent here, or no room in it'));
  }

  /** The swarm of a torrent. */
  #find(identity: Identity): Swarm | undefined {
    const swarm = swarmHashes(identity)
      .map((infoHash) => this.#named(infoHash))
      .find(Boolean);
    return swarm && equalBytes(swarm.identity.infoHashV2, identity.infoHashV2) ? swarm : undefined;
  }
}
