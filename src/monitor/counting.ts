import { toHex } from '../bytes/index.ts';
import { decodeLeaf, LogError } from '../log/index.ts';
import { formatTlogProof, parseVkey } from '../note/index.ts';
import {
  StatementError,
  sha256,
  type VerifiedEnvelope,
  VerifyPool,
  verifiedEnvelope,
  verifyEd25519,
  verifyInOrder,
} from '../statement/index.ts';
import {
  type Contradiction,
  contradictions,
  countEntry,
  emptyTally,
  type Tally,
  witnessedOf,
} from '../tally/index.ts';
import { type Finding, FindingError } from './alarm.ts';
import type { History } from './history.ts';
import { PublishedHeads } from './late-seed.ts';
import type { SignedView } from './signed-view.ts';

/** The newest `state` entry, recomputed and found right. */
export interface CheckedState {
  readonly index: number;
  /** Root of the state map, 32 bytes. */
  readonly root: Uint8Array;
}

interface Leaf {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly timeMs: number;
  readonly envelope: Uint8Array;
}

interface Round {
  readonly view: SignedView;
  readonly shownMs: number | undefined;
  readonly found: (finding: Finding) => Promise<void>;
}

/** So many entries are worth the start of threads that verify them. */
const MANY = 2000;

/** Counts a log anew, and finds what it says of itself that the count does not confirm. */
export class Counting {
  readonly tally: Tally;
  readonly #history: History;
  readonly #logKey: string;
  readonly #published = new PublishedHeads();
  /** The next entry to be counted; one that cannot be read is the last. */
  #next = 0;
  #state: CheckedState | undefined;

  /** `logKey`: the log's verifier key. */
  constructor(logKey: string, history: History) {
    const { name, publicKey } = parseVkey(logKey);
    this.tally = emptyTally({ origin: name, logKey: toHex(publicKey), sha256 });
    this.#history = history;
    this.#logKey = logKey;
  }

  /** The newest `state` that is right; undefined before the first. */
  get state(): CheckedState | undefined {
    return this.#state;
  }

  /**
   * Counts what the history has got. `shownMs`: when the log showed its last checkpoint before, since which no entry may
   * have come in; undefined where that is not known.
   */
  async count(
    view: SignedView,
    shownMs: number | undefined,
    found: (finding: Finding) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const pool = this.#history.tree.size - this.#next < MANY ? undefined : new VerifyPool();
    try {
      const bad: Finding[] = [];
      const leaves = this.#leaves(view, bad, signal);
      const verify = ({ envelope }: Leaf): VerifiedEnvelope | Promise<VerifiedEnvelope> =>
        pool === undefined ? verifiedEnvelope(envelope) : pool.verify(envelope);
      for await (const { item, verified } of verifyInOrder(leaves, verify)) {
        await this.#take(item, verified, { view, shownMs, found });
      }
      this.#published.note(view, this.tally, this.#logKey);
      const [finding] = bad;
      if (finding !== undefined) throw new FindingError(finding);
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      const index = this.#next;
      const bytes = await this.#history.entry(index, signal);
      throw new FindingError(await this.#unreadable({ index, bytes, view }, error));
    } finally {
      await pool?.close();
    }
  }

  /** Builders that contradict themselves about what is not decided yet, each proved by its two entries. */
  async contradictions(view: SignedView, signal: AbortSignal): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const contradiction of contradictions(this.tally)) {
      const [first, second] = contradiction.entries;
      const bytes = await this.#history.entry(second, signal);
      const kind = contradiction.what === 'votes' ? 'vote' : 'commit';
      const finding = await this.#about(
        'equivocation',
        { kind, index: second, bytes, view },
        wordsOf(contradiction),
      );
      const earlier = await this.#proved(first, await this.#history.entry(first, signal), view, 'earlier');
      findings.push({ ...finding, evidence: { ...finding.evidence, ...earlier } });
    }
    return findings;
  }

  async #take({ index, bytes, timeMs }: Leaf, verified: VerifiedEnvelope, round: Round): Promise<void> {
    const { statement, payloadDigest, signers } = verified;
    const { kind } = statement;
    const { view, shownMs, found } = round;
    const alarms = this.tally.alarmsTotal;
    const witnessed = witnessedOf(this.tally, statement, verifyEd25519);
    const late = this.#published.late(this.tally, statement);
    countEntry(this.tally, { index, timeMs, statement, payloadDigest, signers, ...witnessed });
    this.#next = index + 1;
    const { last } = this.tally.light;
    if (this.tally.alarmsTotal > alarms) {
      const reason = this.tally.alarms.at(-1)?.reason ?? 'it is not what the count comes to';
      const message = `${kind} (entry ${index}): ${reason}`;
      await found(await this.#about('wrong-entry', { kind, index, bytes, view }, message));
    } else if (last?.index === index) this.#state = { index, root: Buffer.from(last.root, 'hex') };
    if (late !== undefined) {
      const finding = await this.#about('late-seed', { kind, index, bytes, view }, late.message);
      await found({ ...finding, evidence: { ...finding.evidence, 'earlier.checkpoint': late.earlier } });
    }
    if (shownMs === undefined || timeMs >= shownMs) return;
    const message = `entry ${index} says that it was received at ${timeMs}, and the log did not show it at ${shownMs}`;
    await found(await this.#about('backdated', { kind, index, bytes, view }, message));
  }

  async *#leaves(view: SignedView, bad: Finding[], signal: AbortSignal): AsyncGenerator<Leaf> {
    for await (const { index, bytes } of this.#history.entries(this.#next, signal)) {
      try {
        yield { index, bytes, ...decodeLeaf(bytes) };
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        bad.push(await this.#unreadable({ index, bytes, view }, error)); // what stands before it is counted first
        return;
      }
    }
  }

  #unreadable(
    entry: { readonly index: number; readonly bytes: Uint8Array; readonly view: SignedView },
    { message }: Error,
  ): Promise<Finding> {
    const why = `entry ${entry.index} is of no form that this version knows: ${message}`;
    return this.#about('unreadable', { kind: 'entry', ...entry }, why);
  }

  /** A finding about an entry, proved by its inclusion under what the log signed. */
  async #about(
    kind: 'wrong-entry' | 'late-seed' | 'unreadable' | 'backdated' | 'equivocation',
    entry: {
      readonly kind: string;
      readonly index: number;
      readonly bytes: Uint8Array;
      readonly view: SignedView;
    },
    message: string,
  ): Promise<Finding> {
    const { index, bytes, view } = entry;
    return {
      kind,
      key: kind === 'unreadable' ? 'entry' : String(index),
      message,
      entry: { kind: entry.kind, index },
      evidence: await this.#proved(index, bytes, view, 'entry'),
    };
  }

  /** Files that prove an entry by its inclusion under what the log signed. */
  async #proved(
    index: number,
    leaf: Uint8Array,
    view: SignedView,
    name: string,
  ): Promise<Record<string, Uint8Array>> {
    const hashes = await this.#history.tree.proveInclusion(index, view.size);
    return {
      [`${name}.leaf`]: leaf,
      [`${name}.tlog-proof`]: formatTlogProof({ index, hashes, checkpoint: view.note }),
    };
  }
}

function wordsOf({ about, builder, what, entries }: Contradiction): string {
  return `builder ${builder} logged two different ${what} about ${about} (entries ${entries.join(' and ')}): neither counts`;
}
