import { createHash } from 'node:crypto';

/**
 * Whose announce URL a token is, found by the digests that builder statements carry; the token itself is never
 * held. A digest belongs for ever to the key that logged it first: whoever repeats another's digest gains nothing.
 * A builder's newest statement names its one valid token.
 */
export class TokenDirectory {
  readonly #owners = new Map<string, string>();
  readonly #current = new Map<string, string>();

  /** Takes in a builder statement, in the log's order. */
  register(builder: string, announceDigest: string): void {
    if (!this.#owners.has(announceDigest)) this.#owners.set(announceDigest, builder);
    this.#current.set(builder, announceDigest);
  }

  /** The builder whose valid token this is, or undefined. */
  builderOf(token: string): string | undefined {
    if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
    const digest = createHash('sha256').update(token, 'ascii').digest('hex');
    const owner = this.#owners.get(digest);
    return owner !== undefined && this.#current.get(owner) === digest ? owner : undefined;
  }
}
