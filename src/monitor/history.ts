import { setImmediate } from 'node:timers/promises';
import { concatBytes, equalBytes, toHex } from '../bytes/index.ts';
import type { TallyClient } from '../client/index.ts';
import { nodeHasher } from '../log/index.ts';
import { HASH_BYTES, TILE_WIDTH, tileWidthAt } from '../merkle/index.ts';
import { type Finding, FindingError, MonitorError } from './alarm.ts';
import type { MonitorLimits } from './limits.ts';
import type { Mirror } from './mirror.ts';
import { entriesOf, servedHistory } from './served-history.ts';
import type { SignedView } from './signed-view.ts';
import { TreeMemory } from './tree-memory.ts';

export interface HistoryParts {
  readonly client: TallyClient;
  readonly mirror: Mirror;
  readonly limits: MonitorLimits;
}

/** The entries of a log, each only after the tree that they make is the one that the log signed. */
export class History {
  readonly #parts: HistoryParts;
  readonly tree = new TreeMemory();

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /**
   * Grows to the tree of a checkpoint, from the mirror and from the log. What does not fit is fetched once more, and then
   * ends in a {@link FindingError}: `fork` when the log serves another history that fits this checkpoint, else
   * `wrong-tree`. `before` is the last checkpoint that was checked.
   */
  async growTo(view: SignedView, before: SignedView | undefined, signal: AbortSignal): Promise<void> {
    const { limits, mirror } = this.#parts;
    if (view.size > limits.entries) {
      throw new MonitorError('too-large', `the log has ${view.size} entries, more than ${limits.entries}`);
    }
    if (view.size <= this.tree.size) {
      // Only of a mirror's own checkpoint, when the monitor starts: whatever came later was held against a larger tree.
      throw new MonitorError(
        'bad-state',
        `the tree of ${this.tree.size} entries cannot grow to ${view.size}`,
      );
    }
    const from = Math.floor(this.tree.size / TILE_WIDTH);
    for (let tries = 0; tries < 2; tries += 1) {
      const misfit = await this.#tryGrow(view, signal);
      if (misfit === undefined) {
        await mirror.forgetOthers(from, tileWidthAt('entries', from, view.size));
        return;
      }
      // Those of this size alone: what was proved at an earlier one stays.
      for (let at = from; at <= misfit; at += 1) {
        await mirror.forget(at, tileWidthAt('entries', at, view.size));
      }
    }
    throw new FindingError(await this.#explain(view, before, signal));
  }

  /** The entries from an index on, from the mirror; all of them are proved. */
  async *entries(
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly index: number; readonly bytes: Uint8Array }> {
    const { size } = this.tree;
    for (let at = Math.floor(from / TILE_WIDTH); at * TILE_WIDTH < size; at += 1) {
      const entries = await this.#bundle(at, size, signal);
      for (const [offset, bytes] of entries.entries()) {
        const index = at * TILE_WIDTH + offset;
        if (index < from) continue;
        if (!equalBytes(nodeHasher.leaf(bytes), this.tree.leafHash(index))) {
          throw new MonitorError(
            'bad-state',
            `entry ${index} of the mirror changed under the monitor: start it again`,
          );
        }
        yield { index, bytes };
      }
    }
  }

  /** One entry's bytes. */
  async entry(index: number, signal: AbortSignal): Promise<Uint8Array> {
    for await (const each of this.entries(index, signal)) return each.bytes;
    throw new MonitorError('bad-state', `entry ${index} is not in the mirror`);
  }

  /** Grows, or answers the last bundle that was read when they do not make the tree. */
  async #tryGrow(view: SignedView, signal: AbortSignal): Promise<number | undefined> {
    const start = this.tree.size;
    const leafHashes: Uint8Array[] = [];
    let last = Math.floor(start / TILE_WIDTH);
    for await (const { index, entries } of this.#bundles(last, view.size, signal)) {
      last = index;
      const hashes = entries.map((bytes) => nodeHasher.leaf(bytes));
      const known = hashes.slice(0, Math.max(0, start - index * TILE_WIDTH));
      const isKnown = known.every((hash, offset) =>
        equalBytes(hash, this.tree.leafHash(index * TILE_WIDTH + offset)),
      );
      if (hashes.length === 0 || !isKnown) return last;
      leafHashes.push(concatBytes(...hashes.slice(known.length)));
      await setImmediate(undefined, { signal }); // hashing takes a while: others get their turn
    }
    if (!equalBytes(this.tree.rootWith(leafHashes), view.root)) return last;
    this.tree.append(leafHashes);
    return undefined;
  }

  /**
   * What to say of a checkpoint whose entries do not make its tree: the whole log is read again, as it is shown now. What
   * it does not serve for that proves no fork.
   */
  async #explain(view: SignedView, before: SignedView | undefined, signal: AbortSignal): Promise<Finding> {
    const { root, hashes } = await servedHistory(this.#parts.client, { size: view.size, signal });
    const isFork = equalBytes(root, view.root) && before !== undefined && before.size > 0;
    return {
      kind: isFork ? 'fork' : 'wrong-tree',
      key: isFork ? `${view.size} ${toHex(view.root)}` : 'tree',
      message: isFork
        ? `the log signed a tree of ${view.size} entries that does not contain the one of ${before.size} entries that it signed before`
        : `the log signed a tree of ${view.size} entries, and serves entries that do not make it`,
      evidence: {
        'signed-now.checkpoint': view.note,
        ...(before !== undefined && { 'signed-before.checkpoint': before.note }),
        // All leaf hashes, 32 bytes each: from them anybody computes which root the new history has at the old size.
        ...(isFork && {
          'served-now.leaf-hashes': concatBytes(...hashes),
          'served-before.leaf-hashes': this.#leafHashes(before.size),
        }),
      },
    };
  }

  /**
   * A fork, where the entries that were seen are lost: whether the log serves a history that makes the tree of `view` and does
   * not begin with the one of `seen`.
   */
  async rewritten(view: SignedView, seen: SignedView, signal: AbortSignal): Promise<Finding | undefined> {
    const served = { size: view.size, before: seen.size, signal };
    const { root, rootBefore, hashes } = await servedHistory(this.#parts.client, served);
    const isFork =
      equalBytes(root, view.root) && rootBefore !== undefined && !equalBytes(rootBefore, seen.root);
    if (!isFork) return undefined;
    return {
      kind: 'fork',
      key: `${view.size} ${toHex(view.root)}`,
      message: `the log signed a tree of ${view.size} entries that does not contain the one of ${seen.size} entries that it signed before`,
      evidence: {
        'signed-now.checkpoint': view.note,
        'signed-before.checkpoint': seen.note,
        'served-now.leaf-hashes': concatBytes(...hashes),
      },
    };
  }

  #leafHashes(size: number): Uint8Array {
    const all = new Uint8Array(size * HASH_BYTES);
    for (let at = 0; at < size; at += 1) all.set(this.tree.leafHash(at), at * HASH_BYTES);
    return all;
  }

  /** Bundles in their order, some fetched ahead; what was fetched is kept. */
  async *#bundles(
    from: number,
    size: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly index: number; readonly entries: readonly Uint8Array[] }> {
    const { parallelBundles } = this.#parts.limits;
    const end = Math.ceil(size / TILE_WIDTH);
    for (let first = from; first < end; first += parallelBundles) {
      const some = Array.from(
        { length: Math.min(parallelBundles, end - first) },
        (_, offset) => first + offset,
      );
      const bundles = await Promise.all(some.map((index) => this.#bundle(index, size, signal)));
      for (const [offset, entries] of bundles.entries()) yield { index: first + offset, entries };
    }
  }

  async #bundle(index: number, size: number, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const { mirror, client } = this.#parts;
    const width = tileWidthAt('entries', index, size);
    const kept = await mirror.read(index, width);
    if (kept !== undefined) return kept;
    const fetched = await client.entryBundle(index, size, { signal });
    const entries = entriesOf(fetched, width);
    if (entries.length > 0) await mirror.write(index, width, fetched);
    return entries;
  }
}
