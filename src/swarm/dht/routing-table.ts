import { toHex } from '../../bytes/index.ts';
import type { DhtContact } from '../../wire/index.ts';
import { scopeOf } from '../connection/address-scope.ts';
import { commonBits, compareDistance } from './distance.ts';

/** Nodes of one bucket, k in BEP 5. */
export const BUCKET_NODES = 8;

interface Node {
  readonly contact: DhtContact;
  heardMs: number;
  /** Questions in a row without an answer. */
  failures: number;
}

/**
 * The nodes that answered us, in buckets by the bits that their ids have in common with ours (BEP 5, "Routing Table"):
 * at most eight in each of 160. Who stands in it stays, as long as it answers; of one public address there is one.
 */
export class RoutingTable {
  readonly #ownId: Uint8Array;
  readonly #now: () => number;
  readonly #buckets = new Map<number, Map<string, Node>>();
  readonly #publicHosts = new Set<string>();

  constructor(ownId: Uint8Array, now: () => number) {
    this.#ownId = ownId;
    this.#now = now;
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets.values()) size += bucket.size;
    return size;
  }

  get contacts(): readonly DhtContact[] {
    return [...this.#nodes()].map(({ contact }) => contact);
  }

  /** Whether a node that nobody knows would find a place. */
  hasRoomFor({ id, host }: DhtContact): boolean {
    const bits = commonBits(this.#ownId, id);
    if (bits === id.length * 8 || this.#publicHosts.has(host)) return false;
    const bucket = this.#buckets.get(bits);
    if (bucket?.has(toHex(id))) return false;
    return (
      (bucket?.size ?? 0) < BUCKET_NODES || [...(bucket?.values() ?? [])].some(({ failures }) => failures > 0)
    );
  }

  /** Notes that a node answered. */
  answered(contact: DhtContact): void {
    const key = toHex(contact.id);
    const bits = commonBits(this.#ownId, contact.id);
    const known = this.#buckets.get(bits)?.get(key);
    if (known) {
      if (known.contact.host !== contact.host || known.contact.port !== contact.port) return;
      known.heardMs = this.#now();
      known.failures = 0;
      return;
    }
    if (!this.hasRoomFor(contact)) return;
    const bucket = this.#buckets.get(bits) ?? new Map<string, Node>();
    this.#buckets.set(bits, bucket);
    if (bucket.size >= BUCKET_NODES) {
      const failing = [...bucket.values()].find(({ failures }) => failures > 0);
      if (failing) this.#remove(failing.contact);
    }
    bucket.set(key, { contact, heardMs: this.#now(), failures: 0 });
    if (scopeOf(contact.host) === 'public') this.#publicHosts.add(contact.host);
  }

  /** Notes that a node did not answer; it goes when that happens twice in a row. */
  failed(id: Uint8Array): void {
    const node = this.#buckets.get(commonBits(this.#ownId, id))?.get(toHex(id));
    if (!node) return;
    node.failures += 1;
    if (node.failures > 1) this.#remove(node.contact);
  }

  /** The nodes closest to an id, the closest first. */
  closest(target: Uint8Array, passes: (contact: DhtContact) => boolean = () => true): DhtContact[] {
    return this.contacts
      .filter(passes)
      .sort((first, second) => compareDistance(target, first.id, second.id))
      .slice(0, BUCKET_NODES);
  }

  /** Nodes that were not heard of for so long. */
  silentFor(milliseconds: number): readonly DhtContact[] {
    const before = this.#now() - milliseconds;
    return [...this.#nodes()].filter(({ heardMs }) => heardMs < before).map(({ contact }) => contact);
  }

  #remove({ id, host }: DhtContact): void {
    this.#buckets.get(commonBits(this.#ownId, id))?.delete(toHex(id));
    this.#publicHosts.delete(host);
  }

  *#nodes(): Generator<Node, void> {
    for (const bucket of this.#buckets.values()) yield* bucket.values();
  }
}
