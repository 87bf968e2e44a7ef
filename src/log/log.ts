import { InternalError } from '../bytes/index.ts';
import { proveInclusion, TILE_WIDTH } from '../merkle/index.ts';
import type { Signer } from '../statement/index.ts';
import { STORE_LIMITS, type StatementKey, type Store, type StoredEntry } from '../store/index.ts';
import type { Cosign } from './cosigning.ts';
import { LogError } from './errors.ts';
import { nodeHasher } from './hasher.ts';
import type { SignedHead } from './head.ts';
import type { HeadKeeper } from './head-file.ts';
import { LOG_LIMITS, type LogLimits } from './limits.ts';
import { NodeCache } from './node-cache.ts';
import { Publisher } from './publisher.ts';
import { Sequencer } from './sequencer.ts';
import { loadTree, nodesOf } from './stored-tree.ts';
import { readBundle, readRange, readTile } from './tiles.ts';
import type { Receipt } from './waiting-line.ts';

export interface LogOptions {
  /** Stays the caller's: it is to be closed after the log. */
  readonly store: Store;
  /** The log's key; its name is the origin. */
  readonly signer: Signer;
  /** Where the last signed head is kept outside the store: {@link openHeadFile}. */
  readonly head: HeadKeeper;
  /** Checkpoints of this log that others know, asked for before anything is signed: an older store is refused. */
  readonly newestHeads?: () => Promise<readonly Uint8Array[]>;
  /** Has each checkpoint cosigned before it is published; none unless told. Appends do not wait for it. */
  readonly cosign?: Cosign;
  /** Milliseconds since 1970; `Date.now` unless told. A clock that goes back is held at the last entry's time. */
  readonly clock?: () => number;
  /** At most one checkpoint in this time, and a new entry waits no longer for one. 100 unless told. */
  readonly checkpointEveryMs?: number;
  readonly limits?: Partial<LogLimits>;
  /** Told of each failure that no append is answered with: of a checkpoint (tried again) or of a listener. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * A transparency log that is being written: one process, one order. Entries are durable when they are
 * acknowledged, and are published under the next checkpoint.
 */
export interface Log {
  readonly origin: string;
  /** The log's verifier key. */
  readonly vkey: string;
  /** Entries that are durable; the checkpoint may be a little behind. */
  readonly size: number;

  /**
   * Logs an envelope that the caller has verified. Resolves once the entry would survive the loss of power; a
   * statement that is there already (same signer, same payload) is answered with its first entry. Rejects with
   * {@link LogError} `empty-entry`, `too-large`, `busy`, `storage`, `closed`, or why the log must not go on.
   *
   * @param envelope kept until then; must not be changed
   */
  append(envelope: Uint8Array, statement: StatementKey): Promise<Receipt>;

  /**
   * Announces an append, which may fill a transaction that would else go without it: for the time in which its signature
   * is verified. Calling what it gives ends the expectation, whether the append comes or not.
   */
  expect(): () => void;

  /** The newest published head. */
  checkpoint(): SignedHead;

  /**
   * The first published head of at least so many entries: at once when there is one, else when it comes. Rejects with
   * the signal's reason.
   */
  whenPublished(size: number, signal: AbortSignal): Promise<SignedHead>;

  /**
   * The inclusion proof (RFC 6962 §2.1.1) of an entry in the tree of a published head, hashes of 32 bytes from the leaf
   * upwards. Throws `LogTreeError` `bad-range` for an entry that is not in it.
   */
  proveInclusion(index: number, head: SignedHead): Promise<Uint8Array[]>;

  /**
   * `width` hashes of a tile, 32 bytes each, as C2SP tlog-tiles serves them; undefined when the published tree
   * has no such tile.
   */
  tile(level: number, index: number, width?: number): Promise<Uint8Array | undefined>;

  /** An entry bundle of C2SP tlog-tiles with `width` entries; undefined when the published tree has none such. */
  entryBundle(index: number, width?: number): Promise<Uint8Array | undefined>;

  /** The durable entries from an index on, up to the last there is when this is called. */
  readEntries(from: number, signal?: AbortSignal): AsyncIterable<StoredEntry>;

  /**
   * Calls `listener` with the new {@link size} after each batch has become durable, before its appends resolve.
   * It reads what it wants with {@link readEntries}, so that nothing is missed and nothing piles up.
   *
   * @returns ends the subscription
   */
  onAppend(listener: (size: number) => void): () => void;

  /** Takes no more appends, logs those that wait, and publishes the last checkpoint. */
  close(): Promise<void>;
}

const CHECKPOINT_EVERY_MS = 100;

/**
 * Opens a log: reads the tree from the store, holds it against every head signed before, and signs it. A store
 * that is older than the kept head, or holds another tree, is refused: see the codes of {@link LogError}.
 *
 * @example
 * const store = await openSqliteStore({ path: 'data/log.sqlite' });
 * const log = await openLog({ store, signer, head: openHeadFile('head/log.checkpoint') });
 * const { index } = await log.append(envelope, { signerKey, payloadDigest });
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const { store, signer, head } = options;
  const { tree, timeMs } = await loadTree(store);
  const limits: LogLimits = { ...LOG_LIMITS, ...options.limits };
  if (limits.envelopeBytes > STORE_LIMITS.envelopeBytes) {
    throw new InternalError(`an entry bundle holds no envelope of ${limits.envelopeBytes} bytes`);
  }
  const publisher = await Publisher.open(
    { store, signer, keeper: head, cosign: options.cosign },
    { size: tree.size, root: tree.root(), timeMs },
    (await options.newestHeads?.()) ?? [],
  );
  const nodes = new NodeCache();
  const sequencer = new Sequencer({
    store,
    publisher,
    tree,
    timeMs,
    limits,
    clock: options.clock ?? Date.now,
    checkpointEveryMs: options.checkpointEveryMs ?? CHECKPOINT_EVERY_MS,
    onFault: options.onFault ?? throwFault,
  });
  return {
    origin: signer.name,
    vkey: signer.vkey,
    get size() {
      return sequencer.size;
    },
    append: async (envelope, statement) => {
      checkAppend(envelope, statement, limits);
      return sequencer.append(envelope, statement);
    },
    expect: () => sequencer.expect(),
    checkpoint: () => publisher.published,
    whenPublished: (size, signal) => publisher.reach(size, signal),
    proveInclusion: (index, { size }) =>
      proveInclusion(index, size, nodes.over(nodesOf(store, size)), nodeHasher),
    tile: (level, index, width = TILE_WIDTH) =>
      readTile(store, publisher.published.size, level, index, width),
    entryBundle: (index, width = TILE_WIDTH) => readBundle(store, publisher.published.size, index, width),
    readEntries: (from, signal) => readRange(store, from, sequencer.size, signal),
    onAppend: (listener) => sequencer.onAppend(listener),
    close: () => sequencer.close(),
  };
}

function checkAppend(envelope: Uint8Array, statement: StatementKey, { envelopeBytes }: LogLimits): void {
  if (envelope.length === 0)
    throw new LogError('empty-entry', 'an entry without an envelope cannot be logged');
  if (envelope.length > envelopeBytes) {
    throw new LogError('too-large', `an envelope of ${envelope.length} bytes exceeds ${envelopeBytes}`);
  }
  for (const hex of [statement.signerKey, statement.payloadDigest]) {
    if (!/^[0-9a-f]{64}$/.test(hex))
      throw new InternalError(`${JSON.stringify(hex)} is not 64 lower-case hex digits`);
  }
}

/** A fault that nobody asked to hear of must not be lost: it ends the process like any unhandled error. */
function throwFault(cause: unknown): never {
  throw new InternalError('the log met a fault and nobody listens (onFault)', { cause });
}
