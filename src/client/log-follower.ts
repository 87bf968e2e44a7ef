import { setImmediate } from 'node:timers/promises';
import { CodedError, toHex } from '../bytes/index.ts';
import { LogError, LogReplay, nodeHasher, parseEntryBundle, type ReplayedEntry } from '../log/index.ts';
import { TILE_WIDTH, tileWidthAt } from '../merkle/index.ts';
import { type Checkpoint, type CosignedCheckpoint, parseVkey, type TlogPolicy } from '../note/index.ts';
import {
  sha256,
  type VerifiedEnvelope,
  VerifyPool,
  verifiedEnvelope,
  verifyEd25519,
} from '../statement/index.ts';
import { countEntry, emptyTally, type Tally, witnessedOf } from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { KeptBundles } from './kept-bundles.ts';
import { CLIENT_LIMITS } from './limits.ts';
import type { LogSource } from './log-source.ts';
import { refuseOlder } from './proof/extend-seen.ts';
import { openWitnessed } from './proof/open-proof.ts';
import { SeenCheckpoint } from './seen-checkpoint.ts';

export interface LogFollowerOptions {
  /** The log's verifier key, pinned by the user: `<origin>+<8 hex>+<base64>`. */
  readonly logKey: string;
  /** Where the last checkpoint seen is kept, against rollbacks and forks. */
  readonly stateFolder: string;
  /** A trust policy whose witnesses' quorum must have cosigned each checkpoint. */
  readonly witnesses?: TlogPolicy | undefined;
  /** Keep full bundles in the state folder, so that each is fetched only once. */
  readonly keep?: boolean;
}

/** New entries from which on threads of their own verify them: starting those takes longer than fewer do. */
const MANY_ENTRIES = 512;

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
  readonly #client: LogSource;
  readonly #trust: Pick<LogFollowerOptions, 'logKey' | 'witnesses'>;
  readonly #kept: KeptBundles | undefined;
  readonly #seen: SeenCheckpoint;
  readonly #replay = new LogReplay(nodeHasher);
  #broken: ClientError | undefined;
  #cosigners: CosignedCheckpoint['cosigners'] = [];
  #hasReadKept = false;

  constructor(client: LogSource, { logKey, stateFolder, witnesses, keep }: LogFollowerOptions) {
    const { name, publicKey } = parseVkey(logKey);
    this.#client = client;
    this.#trust = { logKey, witnesses };
    this.#kept = keep === true ? new KeptBundles(stateFolder, logKey) : undefined;
    this.#seen = new SeenCheckpoint(stateFolder, logKey);
    this.origin = name;
    this.tally = emptyTally({ origin: name, logKey: toHex(publicKey), sha256 });
  }

  /** Witnesses of the trust policy that cosigned the last checkpoint. */
  get cosigners(): CosignedCheckpoint['cosigners'] {
    return this.#cosigners;
  }

  /** Whether anything was read from this machine's own disk, where another tally may have put it. */
  get hasReadKept(): boolean {
    return this.#hasReadKept;
  }

  /** Reads what the log has got since the last update. Returns how many entries that were. */
  async update(signal: AbortSignal): Promise<number> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      return await this.#update(signal);
    } catch (error) {
      if (this.#broken !== undefined) await this.#kept?.clear();
      throw error;
    }
  }

  async #update(signal: AbortSignal): Promise<number> {
    const note = await this.#client.checkpoint({ signal });
    const { checkpoint, cosigners } = openWitnessed(note, this.#trust);
    this.#cosigners = cosigners;
    const before = this.#replay.size;
    const seen = await this.#seen.read();
    this.#refuseOlder(checkpoint, Math.max(before, seen?.size ?? 0));
    const pool = checkpoint.size - before > MANY_ENTRIES ? new VerifyPool() : undefined;
    try {
      for await (const entries of this.#fetchEntries(checkpoint.size, signal)) {
        await this.#take(entries, seen, pool);
      }
    } finally {
      await pool?.close();
    }
    this.#orBreak(() => this.#replay.check(checkpoint));
    if (checkpoint.size > (seen?.size ?? 0)) await this.#seen.write(note, checkpoint.size);
    return checkpoint.size - before;
  }

  #refuseOlder(checkpoint: Checkpoint, size: number): void {
    refuseOlder(checkpoint, size);
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
      const bundles = await Promise.all(some.map((index) => this.#bundle(index, to, signal)));
      for (const [offset, whole] of bundles.entries()) {
        const index = first + offset;
        yield whole.slice(Math.max(0, this.#replay.size - index * TILE_WIDTH));
        await setImmediate(undefined, { signal }); // verifying a bundle takes a while: others get their turn
      }
    }
  }

  async #bundle(index: number, size: number, signal: AbortSignal): Promise<Uint8Array[]> {
    const width = tileWidthAt('entries', index, size);
    const isFull = width === TILE_WIDTH;
    const kept = isFull ? await this.#kept?.read(index) : undefined;
    this.#hasReadKept ||= kept !== undefined;
    const bundle = kept ?? (await this.#client.entryBundle(index, size, { signal }));
    const entries = parseBundle(bundle, width);
    if (isFull && kept === undefined) await this.#kept?.write(index, bundle);
    return entries;
  }

  /** Takes the next entries, a bundle at most: their place in the tree first, then all signatures, then the count. */
  async #take(
    entries: readonly Uint8Array[],
    seen: Checkpoint | undefined,
    pool: VerifyPool | undefined,
  ): Promise<void> {
    const replayed: ReplayedEntry[] = [];
    this.#orBreak(() => {
      for (const bytes of entries) {
        replayed.push(this.#replay.add(bytes));
        if (seen !== undefined && seen.size === this.#replay.size) this.#replay.check(seen);
      }
    });
    const verified = await Promise.allSettled(replayed.map((entry) => verify(entry, pool)));
    this.#orBreak(() => {
      for (const [at, { index, timeMs }] of replayed.entries()) {
        const outcome = verified[at] as (typeof verified)[number];
        if (outcome.status === 'rejected') throw outcome.reason;
        const { statement, payloadDigest, signers } = outcome.value;
        const witnessed = witnessedOf(this.tally, statement, verifyEd25519);
        countEntry(this.tally, { index, timeMs, statement, payloadDigest, signers, ...witnessed });
      }
    });
  }
}

function parseBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  try {
    return parseEntryBundle(bundle, width);
  } catch (error) {
    throw asMismatch(error);
  }
}

async function verify(
  { index, envelope }: ReplayedEntry,
  pool: VerifyPool | undefined,
): Promise<VerifiedEnvelope> {
  try {
    return await (pool === undefined ? verifiedEnvelope(envelope) : pool.verify(envelope));
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
