import { setImmediate } from 'node:timers/promises';
import { CodedError, toHex } from '../bytes/index.ts';
import { LogError, LogReplay, nodeHasher, parseEntryBundle, type ReplayedEntry } from '../log/index.ts';
import { TILE_WIDTH, tileWidthAt } from '../merkle/index.ts';
import { type Checkpoint, parseVkey } from '../note/index.ts';
import { openEnvelope, sha256, verifyEnvelope } from '../statement/index.ts';
import { countEntry, type Entry, emptyTally, type Tally } from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { CLIENT_LIMITS } from './limits.ts';
import { openCheckpoint, SeenCheckpoint } from './seen-checkpoint.ts';
import type { TallyClient } from './tally-client.ts';

export interface LogFollowerOptions {
  /** The log's verifier key, pinned by the user: `<origin>+<8 hex>+<base64>`. */
  readonly logKey: string;
  /** Where the last checkpoint seen is kept, against rollbacks and forks. */
  readonly stateFolder: string;
}

/**
 * Reads a log by its checkpoints and entry bundles, believes nothing and counts for itself: each update checks the
 * checkpoint's signature, recomputes the tree from the entries, holds it against the last checkpoint seen (which
 * proves that no entry was changed or dropped), verifies every signature, and counts by `src/tally`.
 *
 * After a `mismatch` the follower is of no more use: every further update throws it again.
 */
export class LogFollower {
  /**
   * The count. It is proved only after an update that succeeded: one that broke off may have counted some entries on the
   * log's word, which the next update goes on from and proves.
   */
  readonly tally: Tally;
  readonly origin: string;
  readonly #client: TallyClient;
  readonly #logKey: string;
  readonly #seen: SeenCheckpoint;
  readonly #replay = new LogReplay(nodeHasher);
  #broken: ClientError | undefined;

  constructor(client: TallyClient, { logKey, stateFolder }: LogFollowerOptions) {
    const { name, publicKey } = parseVkey(logKey);
    this.#client = client;
    this.#logKey = logKey;
    this.#seen = new SeenCheckpoint(stateFolder, logKey);
    this.origin = name;
    this.tally = emptyTally({ origin: name, logKey: toHex(publicKey), sha256 });
  }

  /** Reads what the log has got since the last update. Returns how many entries that were. */
  async update(signal: AbortSignal): Promise<number> {
    if (this.#broken !== undefined) throw this.#broken;
    const note = await this.#client.checkpoint({ signal });
    const checkpoint = openCheckpoint(note, this.#logKey);
    const before = this.#replay.size;
    const seen = await this.#seen.read();
    this.#refuseOlder(checkpoint, Math.max(before, seen?.size ?? 0));
    for await (const entries of this.#fetchEntries(checkpoint.size, signal)) {
      this.#orBreak(() => {
        for (const bytes of entries) this.#take(bytes, seen);
      });
    }
    this.#orBreak(() => this.#replay.check(checkpoint));
    if (checkpoint.size > (seen?.size ?? 0)) await this.#seen.write(note, checkpoint.size);
    return checkpoint.size - before;
  }

  #refuseOlder(checkpoint: Checkpoint, size: number): void {
    if (checkpoint.size < size) {
      throw new ClientError(
        'mismatch',
        `the log was rolled back: it shows ${checkpoint.size} entries after it had signed ${size}. Do not ` +
          'trust this tally; tell its operator and its witnesses',
      );
    }
    if (checkpoint.size > CLIENT_LIMITS.entries) {
      throw new ClientError(
        'too-large',
        `the log has ${checkpoint.size} entries, more than this client reads`,
      );
    }
  }

  #orBreak(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#broken = asMismatch(error);
      throw this.#broken;
    }
  }

  /** The entries that were not taken yet, a bundle at a time: a whole log may be larger than the memory. */
  async *#fetchEntries(to: number, signal: AbortSignal): AsyncGenerator<Uint8Array[]> {
    const end = Math.ceil(to / TILE_WIDTH);
    let first = Math.floor(this.#replay.size / TILE_WIDTH);
    if (this.#replay.size === to) return;
    for (; first < end; first += CLIENT_LIMITS.parallelBundles) {
      const some = Array.from(
        { length: Math.min(CLIENT_LIMITS.parallelBundles, end - first) },
        (_, offset) => first + offset,
      );
      const bundles = await Promise.all(some.map((index) => this.#client.entryBundle(index, to, { signal })));
      for (const [offset, bundle] of bundles.entries()) {
        const index = first + offset;
        const whole = parseBundle(bundle, tileWidthAt('entries', index, to));
        yield whole.slice(Math.max(0, this.#replay.size - index * TILE_WIDTH));
        await setImmediate(undefined, { signal }); // verifying a bundle takes a while: others get their turn
      }
    }
  }

  #take(bytes: Uint8Array, seen: Checkpoint | undefined): void {
    const replayed = this.#replay.add(bytes);
    if (seen !== undefined && seen.size === this.#replay.size) this.#replay.check(seen);
    countEntry(this.tally, readEntry(replayed));
  }
}

function parseBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  try {
    return parseEntryBundle(bundle, width);
  } catch (error) {
    throw asMismatch(error);
  }
}

function readEntry({ index, timeMs, envelope }: ReplayedEntry): Entry {
  try {
    const opened = openEnvelope(envelope);
    const { statement, payloadDigest } = opened;
    return { index, timeMs, statement, payloadDigest, signers: verifyEnvelope(opened) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new ClientError(
      'mismatch',
      `entry ${index} of the log is of no form that this version knows (${error.message}): a newer version may`,
      { cause: error },
    );
  }
}

function asMismatch(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (!(error instanceof LogError)) throw error;
  return new ClientError(
    'mismatch',
    `the log's entries do not fit what it signed, now or when it was last seen: ${error.message}. Do not trust ` +
      'this tally; tell its operator and its witnesses',
    { cause: error },
  );
}
