/** Places for connections: so many in all, so many with one address. */
export class Gate {
  readonly #limit: number;
  readonly #limitPerHost: number;
  readonly #hosts = new Map<string, number>();
  #count = 0;

  constructor(limit: number, limitPerHost: number) {
    this.#limit = limit;
    this.#limitPerHost = limitPerHost;
  }

  /** Places that are taken. */
  get count(): number {
    return this.#count;
  }

  /** Whether a host has not all of its own places yet. */
  isOpenTo(host: string): boolean {
    return (this.#hosts.get(host) ?? 0) < this.#limitPerHost;
  }

  /** Takes a place; `false` when there is none left. */
  reserve(host: string): boolean {
    const held = this.#hosts.get(host) ?? 0;
    if (this.#count >= this.#limit || held >= this.#limitPerHost) return false;
    this.#hosts.set(host, held + 1);
    this.#count += 1;
    return true;
  }

  /** Gives a place back. */
  release(host: string): void {
    const held = this.#hosts.get(host) ?? 0;
    if (held === 0) return;
    this.#count -= 1;
    if (held === 1) this.#hosts.delete(host);
    else this.#hosts.set(host, held - 1);
  }
}
