import { setImmediate } from 'node:timers/promises';
import { equalBytes, toHex } from '../bytes/index.ts';
import type { TallyClient } from '../client/index.ts';
import { LogError, nodeHasher, parseEntryBundle } from '../log/index.ts';
import { GrowingTree, HASH_BYTES, TILE_WIDTH, tileWidthAt } from '../merkle/index.ts';
import { FindingError, MonitorError } from './alarm.ts';
import type { MonitorLimits } from './limits.ts';
import type { Mirror } from './mirror.ts';
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
    const from = Math.floor(this.tree.size / TILE_WIDTH);
    for (let tries = 0; tries < 2; tries += 1) {
      if (await this.#tryGrow(view, signal)) {
        if (view.size > 0) await mirror.forgetOthers(from, tileWidthAt('entries', from, view.size));
        return;
      }
      // Those of this size alone: what was proved at an earlier one stays.
      for (let at = from; at * TILE_WIDTH < view.size; at += 1) {
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

  async #tryGrow(view: SignedView, signal: AbortSignal): Promise<boolean> {
    const start = this.tree.size;
    const leafHashes = new Uint8Array((view.size - start) * HASH_BYTES);
    let fits = true;
    for await (const { index, entries } of this.#bundles(Math.floor(start / TILE_WIDTH), view.size, signal)) {
      for (const [offset, bytes] of entries.entries()) {
        const at = index * TILE_WIDTH + offset;
        const hash = nodeHasher.leaf(bytes);
        if (at >= start) leafHashes.set(hash, (at - start) * HASH_BYTES);
        else fits &&= equalBytes(hash, this.tree.leafHash(at));
      }
      await setImmediate(undefined, { signal }); // hashing takes a while: others get their turn
    }
    if (!fits || !equalBytes(this.tree.rootWith(leafHashes), view.root)) return false;
    this.tree.append(leafHashes);
    return true;
  }

  /** What to say of a checkpoint whose entries cannot be had: the whole log is read again, as it is shown now. */
  async #explain(
    view: SignedView,
    before: SignedView | undefined,
    signal: AbortSignal,
  ): Promise<FindingError['finding']> {
    const hashes = new Uint8Array(view.size * HASH_BYTES);
    const other = new GrowingTree(nodeHasher);
    for (let at = 0; at * TILE_WIDTH < view.size; at += 1) {
      for (const bytes of await this.#fetch(at, view.size, signal)) {
        const hash = nodeHasher.leaf(bytes);
        other.append(hash);
        hashes.set(hash, (other.size - 1) * HASH_BYTES);
      }
    }
    const isFork = equalBytes(other.root(), view.root) && before !== undefined && before.size > 0;
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
        'served-now.leaf-hashes': hashes,
        'served-before.leaf-hashes': this.#leafHashes(before?.size ?? 0),
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
    const entries = parsed(fetched, width);
    await mirror.write(index, width, fetched);
    return entries;
  }

  async #fetch(index: number, size: number, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const width = tileWidthAt('entries', index, size);
    return parsed(await this.#parts.client.entryBundle(index, size, { signal }), width);
  }
}

/** The entries of a bundle; of one that has not its form, none: then the tree does not fit. */
function parsed(bundle: Uint8Array, width: number): readonly Uint8Array[] {
  try {
    return parseEntryBundle(bundle, width);
  } catch (error) {
    if (error instanceof LogError) return [];
    throw error;
  }
}
