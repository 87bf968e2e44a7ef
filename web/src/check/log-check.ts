import { sha256 } from '@noble/hashes/sha2.js';
import { CodedError, equalBytes, fromHex, toHex, toUtf8 } from '../../../src/bytes/index.ts';
import {
  createLogTreeHasher,
  formatTilePath,
  GrowingTree,
  TILE_WIDTH,
  tileWidthAt,
} from '../../../src/merkle/index.ts';
import { type Checkpoint, parseCheckpoint, parseNote, parseVkey } from '../../../src/note/index.ts';
import {
  PAYLOAD_TYPE,
  parseEnvelope,
  preAuthenticationEncoding,
  type Statement,
} from '../../../src/statement/browser.ts';
import {
  countEntry,
  emptyTally,
  releaseView,
  releaseViews,
  seedCosignatures,
  type Tally,
} from '../../../src/tally/index.ts';
import type { StepEntries } from '../view/timeline.ts';
import type { VerifySignature } from './ed25519.ts';
import { LeafError, readLeaf, splitBundle } from './leaf.ts';
import type { CheckResult, SeenHead } from './messages.ts';

/** Entries that a page reads at most: about 40 MB and some seconds of work. */
export const MOST_ENTRIES = 20_000;

/** What a check needs of the world. */
export interface LogSource {
  /** GETs a path of the log (`checkpoint`, `tile/entries/000.p/7`). Rejects when there is no such answer. */
  read(path: string): Promise<Uint8Array>;
}

/** The log contradicts itself, or what this browser saw of it before. */
class Contradiction extends Error {}

/**
 * Reads a whole log and believes nothing: the checkpoint's signature, the tree over all entries (RFC 6962), every
 * entry's signatures, and the count by `src/tally` itself. Each further check reads only what is new; since the
 * leaf hashes of before stay in the tree, a log that changed or dropped an entry no longer fits.
 */
export class LogCheck {
  readonly #source: LogSource;
  readonly #verify: VerifySignature;
  readonly #logKey: ReturnType<typeof parseVkey>;
  readonly #hasher = createLogTreeHasher(sha256);
  readonly #tree: GrowingTree;
  readonly #tally: Tally;
  #seen: SeenHead | undefined;
  #lastTimeMs = 0;
  /** Good signatures on entries. */
  #verified = 0;

  /** `logKey` is the log's vkey. */
  constructor(source: LogSource, logKey: string, verify: VerifySignature, seen: SeenHead | undefined) {
    this.#source = source;
    this.#verify = verify;
    this.#logKey = parseVkey(logKey);
    this.#seen = seen;
    this.#tree = new GrowingTree(this.#hasher);
    this.#tally = emptyTally({
      origin: this.#logKey.name,
      logKey: toHex(this.#logKey.publicKey),
      sha256,
    });
  }

  /** Reads on to the newest checkpoint. Never rejects: what goes wrong is in the result. */
  async update(
    digest: string | undefined,
    onProgress: (done: number, total: number) => void,
  ): Promise<CheckResult> {
    try {
      return await this.#update(digest, onProgress);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const contradicts =
        error instanceof Contradiction || error instanceof LeafError || error instanceof CodedError;
      return { kind: contradicts ? 'alarm' : 'undone', reason };
    }
  }

  async #update(
    digest: string | undefined,
    onProgress: (done: number, total: number) => void,
  ): Promise<CheckResult> {
    const checkpoint = await this.#readCheckpoint();
    const { size } = checkpoint;
    if (size > MOST_ENTRIES) return { kind: 'too-long', size, limit: MOST_ENTRIES };
    const least = Math.max(this.#tree.size, this.#seen?.size ?? 0);
    if (size < least) {
      throw new Contradiction(
        `the log was rolled back: it shows ${size} entries after it had signed ${least}`,
      );
    }
    while (this.#tree.size < size) {
      await this.#readBundle(Math.floor(this.#tree.size / TILE_WIDTH), size);
      onProgress(this.#tree.size, size);
    }
    if (!equalBytes(this.#tree.root(), checkpoint.root)) {
      throw new Contradiction(`its ${size} entries do not hash to the root that it signed`);
    }
    const head = { size, root: toHex(checkpoint.root) };
    this.#seen = head;
    return {
      kind: 'counted',
      digest,
      head,
      signatures: this.#verified + 1,
      alarms: this.#tally.alarms.map(({ index, reason }) => `entry ${index}: ${reason}`),
      releases: digest === undefined ? releaseViews(this.#tally) : this.#viewOf(digest),
      steps: digest === undefined ? {} : this.#stepsOf(digest),
    };
  }

  async #readCheckpoint(): Promise<Checkpoint> {
    const { text, signatures } = parseNote(await this.#source.read('checkpoint'));
    const checkpoint = parseCheckpoint(text);
    const { name, keyId, publicKey } = this.#logKey;
    if (checkpoint.origin !== name) throw new Contradiction('its checkpoint is of another log');
    const own = signatures.find((each) => each.name === name && each.keyId === keyId);
    if (!own) throw new Contradiction('its checkpoint is not signed by its key');
    const good = await this.#verify(new Uint8Array(publicKey), toUtf8(text), own.signature);
    if (!good) throw new Contradiction('the signature on its checkpoint is wrong');
    return checkpoint;
  }

  /** Reads one bundle of up to 256 entries and takes those of it that are new. */
  async #readBundle(bundle: number, size: number): Promise<void> {
    const width = tileWidthAt('entries', bundle, size);
    const path = formatTilePath({ level: 'entries', index: bundle, width });
    const entries = splitBundle(await this.#source.read(path), width);
    const first = this.#tree.size;
    const fresh = entries.slice(first - bundle * TILE_WIDTH);
    const read = await Promise.all(fresh.map(async (entry) => ({ entry, opened: await this.#open(entry) })));
    for (const [offset, { entry, opened }] of read.entries()) {
      this.#tree.append(this.#hasher.leaf(entry));
      this.#compareSeen();
      if (opened.timeMs < this.#lastTimeMs) {
        throw new Contradiction(`the receipt time of entry ${first + offset} goes backwards`);
      }
      this.#lastTimeMs = opened.timeMs;
      const witnessed = await this.#witnessed(opened.statement);
      countEntry(this.#tally, { index: first + offset, ...opened, witnessed });
    }
  }

  /** Reads an entry and verifies its signatures. */
  async #open(entry: Uint8Array) {
    const { timeMs, envelope } = readLeaf(entry);
    const { payload, payloadDigest, statement, signatures } = parseEnvelope(envelope, sha256);
    const message = preAuthenticationEncoding(PAYLOAD_TYPE, payload);
    const signers: string[] = [];
    for (const { key, signature } of signatures) {
      if (await this.#verify(fromHex(key), message, signature)) signers.push(key);
    }
    this.#verified += signers.length;
    return { timeMs, statement, payloadDigest, signers };
  }

  /** The cosignatures that give the lot its seed, as far as they are good. */
  async #witnessed(statement: Statement): Promise<string[]> {
    const good: string[] = [];
    for (const { text, publicKey, message, signature } of seedCosignatures(this.#tally, statement)) {
      if (await this.#verify(new Uint8Array(publicKey), message, signature)) good.push(text);
    }
    return good;
  }

  /** Holds the tree against the head that this browser saw before, when it has grown to its size. */
  #compareSeen(): void {
    if (this.#seen?.size !== this.#tree.size || toHex(this.#tree.root()) === this.#seen.root) return;
    throw new Contradiction(
      `its first ${this.#seen.size} entries are not those that this browser saw before`,
    );
  }

  #viewOf(digest: string) {
    const view = releaseView(this.#tally, digest);
    return view ? [view] : [];
  }

  #stepsOf(digest: string): StepEntries {
    const release = this.#tally.releases.get(digest);
    if (!release) return {};
    const { index, timeMs, open, closeIndex, voteEndsMs, predicate, verdict } = release;
    // Once closed, the vote window runs from the receipt time of `close`.
    const closedMs = voteEndsMs - predicate.voteSeconds * 1000;
    return {
      announced: { index, timeMs },
      ...(open ? { opened: { index: open.index, timeMs: open.timeMs } } : {}),
      ...(closeIndex === undefined ? {} : { closed: { index: closeIndex, timeMs: closedMs } }),
      ...(verdict ? { verdict: { index: verdict.index, timeMs: verdict.timeMs } } : {}),
    };
  }
}
