import { encodeHandshake } from '../../wire/index.ts';
import type { Bitfield } from '../bitfield.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { SwarmError } from '../error.ts';
import type { Extensions } from '../extensions/extension.ts';
import { type Identity, identityOf, swarmHash } from '../identity.ts';
import type { Throttle } from '../rates/throttle.ts';
import type { EngineServices } from '../services.ts';
import { REQUEST_QUEUE } from '../serving/uploader.ts';
import type { ShakenHands } from './handshake.ts';
import { Peer, type PeerOwner } from './peer.ts';
import type { Candidate } from './peer-book.ts';
import type { Roster } from './roster.ts';

export interface AdmissionParts {
  readonly services: EngineServices;
  readonly roster: Roster;
  readonly extensions: Extensions;
  /** The download limits that a connection is under. */
  readonly intake: Throttle;
  readonly discovery: Discovery;
  /** The names of the torrent that are known by now. */
  readonly identity: () => Identity;
  /** What is here and right, once the torrent is known. */
  readonly have: () => Bitfield | undefined;
  readonly isClosed: () => boolean;
  /** Who the messages of a peer go to. */
  readonly owner: PeerOwner;
  /** A peer was taken in; its messages come after this. */
  readonly onAdmitted: (peer: Peer) => void;
}

/** The way into one swarm, from the handshake to the first messages: who is taken in, and who is turned away. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Our handshake, under one of the torrent's names. */
  handshake(identity: 'v1' | 'v2'): Uint8Array {
    const { services } = this.#parts;
    return encodeHandshake({
      infoHash: swarmHash(this.#parts.identity(), identity),
      peerId: services.peerId,
      extended: true,
      fast: true,
      upgradable: true,
      dht: services.discovery.dhtPort > 0,
    });
  }

  /** Answers a handshake that came in, with the v2 infohash wherever the other side understands it. */
  accept(shaken: ShakenHands): void {
    const { socket, remote, rest } = shaken;
    const named = identityOf(this.#parts.identity(), remote.infoHash);
    const isV2 = named === 'v2' || remote.upgradable;
    socket.write(this.handshake(isV2 ? 'v2' : 'v1'));
    this.#admit(this.#peerOf(shaken, true, isV2), rest);
  }

  /** Somebody we dialled shook hands. */
  onAnswer(shaken: ShakenHands, candidate: Candidate): void {
    const named = identityOf(this.#parts.identity(), shaken.remote.infoHash);
    const peer = this.#peerOf(shaken, false, named === 'v2');
    this.#parts.discovery.met(peer, candidate);
    if (named) this.#admit(peer, shaken.rest);
    else turnAway(peer, new SwarmError('wrong-swarm', `${peer.name} answered with another infohash`));
  }

  /** Tells a peer what we offer (BEP 10). */
  greet(peer: Peer): void {
    const { services, extensions } = this.#parts;
    peer.sendExtensionHandshake({
      ...extensions.greeting(),
      requestQueue: REQUEST_QUEUE,
      listenPort: services.port(),
      client: services.options.client,
    });
  }

  /** Takes in a peer that shook hands. */
  #admit(peer: Peer, rest: Uint8Array): void {
    const { roster, services, discovery } = this.#parts;
    if (this.#parts.isClosed() || roster.isOurself(peer)) {
      turnAway(peer, new SwarmError('peer-not-needed', `${peer.name} is ourselves, or too late`));
      return;
    }
    const surplus = roster.surplus(peer);
    const tooMany = new SwarmError('peer-not-needed', `${peer.name} is connected twice`);
    if (surplus) discovery.twins(surplus.given, surplus.kept);
    if (surplus?.given === peer) {
      turnAway(peer, tooMany);
      return;
    }
    surplus?.given.close(tooMany);
    roster.add(peer, services.now());
    this.greet(peer);
    this.#tellPieces(peer);
    discovery.greet(peer);
    this.#parts.onAdmitted(peer);
    peer.start(rest);
  }

  #tellPieces(peer: Peer): void {
    const have = this.#parts.have();
    if (peer.remote.fast && (!have || have.count === 0)) peer.send({ type: 'have-none' });
    else if (peer.remote.fast && have?.isFull) peer.send({ type: 'have-all' });
    else if (have && have.count > 0) peer.send({ type: 'bitfield', bits: have.bits.slice() });
  }

  #peerOf({ socket, remote }: ShakenHands, isIncoming: boolean, isV2: boolean): Peer {
    const { owner, intake, services } = this.#parts;
    const { now, options } = services;
    socket.throttleReads(intake);
    return new Peer({ socket, remote, isIncoming, isV2, owner, now, sendQueueBytes: options.sendQueueBytes });
  }
}

function turnAway(peer: Peer, reason: SwarmError): void {
  peer.start(new Uint8Array(0));
  peer.close(reason);
}
