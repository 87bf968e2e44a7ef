import type { Random } from '../random.ts';

/** A set that gives random members in time proportional to their number: an array and each member's place in it. */
export class PeerList<Member> {
  readonly #members: Member[] = [];
  readonly #places = new Map<Member, number>();

  get size(): number {
    return this.#members.length;
  }

  add(member: Member): void {
    if (this.#places.has(member)) return;
    this.#places.set(member, this.#members.length);
    this.#members.push(member);
  }

  delete(member: Member): void {
    const place = this.#places.get(member);
    if (place === undefined) return;
    this.#places.delete(member);
    const last = this.#members.pop() as Member;
    if (last !== member) {
      this.#members[place] = last;
      this.#places.set(last, place);
    }
  }

  /** At most `count` distinct members, each equally likely (Floyd's algorithm). */
  sample(count: number, random: Random): Member[] {
    const size = this.#members.length;
    const wanted = Math.min(count, size);
    const chosen = new Set<number>();
    for (let top = size - wanted; top < size; top += 1) {
      const place = Math.floor(random() * (top + 1));
      chosen.add(chosen.has(place) ? top : place);
    }
    return Array.from(chosen, (place) => this.#members[place] as Member);
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#members.values();
  }
}
