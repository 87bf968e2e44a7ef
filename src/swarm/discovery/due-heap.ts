interface Entry<Item> {
  readonly item: Item;
  dueMs: number;
  at: number;
}

/** Items by the time when each is due, the earliest first: a binary heap, with one entry for each item. */
export class DueHeap<Item> {
  readonly #heap: Entry<Item>[] = [];
  readonly #entries = new Map<Item, Entry<Item>>();

  get size(): number {
    return this.#heap.length;
  }

  /** When the first item is due; infinity when there is none. */
  get nextDueMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Sets when an item is due, whether or not it was in before. */
  set(item: Item, dueMs: number): void {
    this.remove(item);
    const entry = { item, dueMs, at: this.#heap.length };
    this.#entries.set(item, entry);
    this.#heap.push(entry);
    this.#rise(entry);
  }

  remove(item: Item): void {
    const entry = this.#entries.get(item);
    if (!entry) return;
    this.#entries.delete(item);
    const last = this.#heap.pop() as Entry<Item>;
    if (last === entry) return;
    this.#put(last, entry.at);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes out the first item that is due, if there is one. */
  take(nowMs: number): Item | undefined {
    const first = this.#heap[0];
    if (!first || first.dueMs > nowMs) return undefined;
    this.remove(first.item);
    return first.item;
  }

  #rise(entry: Entry<Item>): void {
    while (entry.at > 0) {
      const parent = this.#heap[(entry.at - 1) >> 1] as Entry<Item>;
      if (parent.dueMs <= entry.dueMs) return;
      const { at } = parent;
      this.#put(parent, entry.at);
      this.#put(entry, at);
    }
  }

  #sink(entry: Entry<Item>): void {
    for (;;) {
      const left = this.#heap[entry.at * 2 + 1];
      const right = this.#heap[entry.at * 2 + 2];
      const child = right && left && right.dueMs < left.dueMs ? right : left;
      if (!child || child.dueMs >= entry.dueMs) return;
      const { at } = child;
      this.#put(child, entry.at);
      this.#put(entry, at);
    }
  }

  #put(entry: Entry<Item>, at: number): void {
    this.#heap[at] = entry;
    entry.at = at;
  }
}
