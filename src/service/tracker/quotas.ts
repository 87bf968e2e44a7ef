import { addressGroup } from '../address.ts';
import type { TrackerLimits } from '../limits.ts';
import type { Peer, SwarmPeers } from './swarm-peers.ts';

/**
 * Counts what the announce store holds, by address and in all, and says what it does not take. Swarms that a vote
 * names, and some seeders of each audited builder, are taken in any case: their number is bounded by the log.
 */
export class Quotas {
  readonly #limits: TrackerLimits;
  readonly #peersPerAddress = new Map<string, number>();
  /** Swarms that no vote names, and the address that opened each. */
  readonly #strange = new Map<string, string>();
  readonly #strangePerAddress = new Map<string, number>();
  #peers = 0;

  constructor(limits: TrackerLimits) {
    this.#limits = limits;
  }

  get peers(): number {
    return this.#peers;
  }

  /** Addresses that hold a peer. */
  get addresses(): number {
    return this.#peersPerAddress.size;
  }

  /** Why an address may not open another swarm that no vote names, or null. */
  reasonAgainstSwarm(group: string): string | null {
    if (this.#strange.size >= this.#limits.strangeSwarms) return 'this tracker is full';
    if ((this.#strangePerAddress.get(group) ?? 0) >= this.#limits.strangeSwarmsPerAddress) {
      return 'your address has announced too many infohashes that no vote names';
    }
    return null;
  }

  /** Why a swarm does not take another peer, or null. */
  reasonAgainstPeer(swarm: SwarmPeers, { address, builder, audited }: Peer): string | null {
    const { peersPerBuilderAndSwarm, peersPerAddressAndSwarm, peersPerAddress } = this.#limits;
    if (audited && builder !== null && swarm.auditedOf(builder) < peersPerBuilderAndSwarm) return null;
    const group = addressGroup(address);
    if (swarm.at(group) >= peersPerAddressAndSwarm) return 'too many peers of this swarm have your address';
    if ((this.#peersPerAddress.get(group) ?? 0) >= peersPerAddress) return 'too many peers have your address';
    if (swarm.size >= this.#limits.peersPerSwarm) return 'this swarm is full';
    if (this.#peers >= this.#limits.peers) return 'this tracker is full';
    return null;
  }

  /** A swarm that no vote names was opened from an address. */
  openStrange(name: string, group: string): void {
    this.#strange.set(name, group);
    add(this.#strangePerAddress, group, 1);
  }

  /** A swarm was closed, or a vote names it now. */
  endStrange(name: string): void {
    const group = this.#strange.get(name);
    if (group === undefined) return;
    this.#strange.delete(name);
    add(this.#strangePerAddress, group, -1);
  }

  /** A peer came or went. */
  count({ address }: Pick<Peer, 'address'>, change: 1 | -1): void {
    this.#peers += change;
    add(this.#peersPerAddress, addressGroup(address), change);
  }
}

function add(counts: Map<string, number>, name: string, change: 1 | -1): void {
  const count = (counts.get(name) ?? 0) + change;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
