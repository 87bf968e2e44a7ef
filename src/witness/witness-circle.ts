import { setTimeout as sleep } from 'node:timers/promises';
import { type HeadToCosign, LogError } from '../log/index.ts';
import {
  formatNote,
  meetsQuorum,
  type NoteSignature,
  type PolicyWitness,
  parseNote,
  type TlogPolicy,
} from '../note/index.ts';
import { WitnessClient } from './ask.ts';
import { ConflictError, WitnessError } from './errors.ts';
import { ASK_LIMITS, type AskLimits } from './limits.ts';
import { type Prove, refuseFork, shownBy } from './shown-head.ts';

export interface CircleOptions {
  /** The log's verifier key. */
  readonly logVkey: string;
  readonly limits?: Partial<AskLimits>;
  /** The log's clock, milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** Told of each witness that did not cosign, and why; nothing waits for it. */
  readonly onFault?: (error: unknown, url: string) => void;
}

interface Member {
  readonly witness: PolicyWitness;
  readonly client: WitnessClient;
  /** Size of the checkpoint that this witness cosigned last, as far as is known. */
  size: number;
  /** Whether it cosigned the last time: then it is waited for a little, beyond the quorum. */
  isQuick: boolean;
  /** The request that is on its way. */
  asked: Promise<unknown>;
}

/** Answers 409 that are followed in one attempt: a second log process or a stranger may have moved the witness on. */
const MOST_CONFLICTS = 3;

/**
 * The witnesses that a log asks, by a trust policy (C2SP tlog-policy) whose witnesses have URLs. It knows what each has
 * cosigned last, asks all of them at once, and is content with a quorum.
 */
export class WitnessCircle {
  readonly #policy: TlogPolicy;
  readonly #logVkey: string;
  readonly #limits: AskLimits;
  readonly #onFault: (error: unknown, url: string) => void;
  readonly #members: readonly Member[];

  /** Throws `bad-config` when the witnesses that have a URL cannot make the quorum. */
  constructor(policy: TlogPolicy, options: CircleOptions) {
    this.#policy = policy;
    this.#logVkey = options.logVkey;
    this.#limits = { ...ASK_LIMITS, ...options.limits };
    this.#onFault = options.onFault ?? (() => undefined);
    this.#members = policy.witnesses.flatMap((witness) => {
      if (witness.url === undefined) return [];
      const client = new WitnessClient(witness.vkey, witness.url, this.#limits, options.nowMs ?? Date.now);
      return [{ witness, client, size: 0, isQuick: true, asked: Promise.resolve() }];
    });
    if (!meetsQuorum(policy.quorum, ({ url }) => url !== undefined)) {
      throw new WitnessError(
        'bad-config',
        'the witnesses that have a URL in the trust policy cannot make its quorum: name the URL of each that is to be asked',
      );
    }
  }

  /**
   * The checkpoints that the witnesses know, as notes that the log's key signed. Who cannot be reached, or shows
   * nothing that this log signed, is passed over, after `requestMs` at the latest. With `decisive`, so many have to show
   * one that no newer checkpoint can be cosigned by the others alone; else this rejects with `no-quorum`.
   */
  async newestHeads(signal: AbortSignal, decisive = false): Promise<readonly Uint8Array[]> {
    const silent = new Set<PolicyWitness>(this.#policy.witnesses);
    const found = await Promise.all(
      this.#members.map(async ({ witness, client }) => {
        try {
          const shown = await shownBy(client, this.#logVkey, signal);
          if (shown !== undefined) silent.delete(witness);
          return shown?.note;
        } catch (error) {
          signal.throwIfAborted();
          this.#onFault(error, client.url);
          return undefined;
        }
      }),
    );
    if (decisive && meetsQuorum(this.#policy.quorum, (witness) => silent.has(witness))) {
      throw new WitnessError(
        'no-quorum',
        'too few witnesses show which checkpoint of this log they cosigned last: those that do not could know a newer one',
      );
    }
    return found.filter((note) => note !== undefined);
  }

  /**
   * Gets cosignatures of a head until the quorum is met; the note with their lines added. Rejects after `quorumMs` with
   * `no-quorum`, and at once with {@link LogError} `older-tree` or `forked-tree` when a witness shows a checkpoint that
   * the log's own key signed and that this tree does not hold.
   */
  async cosign(head: HeadToCosign, prove: Prove, signal: AbortSignal): Promise<Uint8Array> {
    const over = new AbortController();
    const bound = AbortSignal.any([signal, over.signal, AbortSignal.timeout(this.#limits.quorumMs)]);
    const got = new Map<PolicyWitness, NoteSignature>();
    const isMet = (): boolean => meetsQuorum(this.#policy.quorum, (witness) => got.has(witness));
    const asks = this.#members.map(async (member) => {
      const signature = await this.#askOne(member, head, prove, bound);
      if (signature !== undefined) got.set(member.witness, signature);
      return member;
    });
    try {
      await untilMet(asks, isMet);
      if (isMet()) await this.#waitForQuick(asks, bound);
    } finally {
      for (const ask of asks) ask.catch(() => undefined); // told by `untilMet`, or of no more use
      over.abort();
    }
    signal.throwIfAborted();
    if (isMet()) return withLines(head.note, [...got.values()]);
    throw new WitnessError(
      'no-quorum',
      `${got.size} of ${this.#members.length} witnesses cosigned the checkpoint of ${head.size} entries in ` +
        `${this.#limits.quorumMs} ms, which is no quorum: the one before stays published`,
    );
  }

  /** One witness's cosignature; undefined when there is none. Rejects with {@link LogError} alone. */
  async #askOne(
    member: Member,
    head: HeadToCosign,
    prove: Prove,
    signal: AbortSignal,
  ): Promise<NoteSignature | undefined> {
    const before = member.asked;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    member.asked = ended;
    await before;
    try {
      signal.throwIfAborted();
      const signature = await this.#insist(member, head, prove, signal);
      member.size = head.size;
      member.isQuick = true;
      return signature;
    } catch (error) {
      if (error instanceof LogError) throw error;
      member.isQuick = false;
      // Where it ended because the others were enough, that is no fault.
      if (!signal.aborted) this.#onFault(error, member.client.url);
      return undefined;
    } finally {
      end();
    }
  }

  /** Asks from what the witness cosigned last, and again from what it says instead. */
  async #insist(
    member: Member,
    head: HeadToCosign,
    prove: Prove,
    signal: AbortSignal,
  ): Promise<NoteSignature> {
    const { client } = member;
    for (let conflicts = 0; ; conflicts += 1) {
      const oldSize = Math.min(member.size, head.size);
      const proof = oldSize === 0 || oldSize === head.size ? [] : await prove(oldSize);
      try {
        return await client.cosign(head, oldSize, proof, signal);
      } catch (error) {
        if (!(error instanceof WitnessError) || !['conflict', 'refused'].includes(error.code)) throw error;
        const isNews = error instanceof ConflictError && error.size !== oldSize && error.size <= head.size;
        if (!isNews) await refuseFork(await shownBy(client, this.#logVkey, signal), head, prove);
        if (!isNews || conflicts >= MOST_CONFLICTS) throw error;
        member.size = error.size;
      }
    }
  }

  /** After the quorum: those that answered the last time get a moment to add their lines too. */
  async #waitForQuick(asks: readonly Promise<Member>[], signal: AbortSignal): Promise<void> {
    const quick = asks.filter((_, at) => this.#members[at]?.isQuick);
    const grace = sleep(this.#limits.graceMs, undefined, { signal, ref: false }).catch(() => undefined);
    await Promise.race([Promise.all(quick), grace]);
  }
}

/** Resolves when the quorum is met, or nobody is left to answer. */
async function untilMet(asks: readonly Promise<unknown>[], isMet: () => boolean): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    for (const ask of asks) {
      ask.then(() => {
        if (isMet()) resolve();
      }, reject);
    }
    Promise.all(asks).then(() => resolve(), reject);
  });
}

function withLines(note: Uint8Array, cosignatures: readonly NoteSignature[]): Uint8Array {
  const { text, signatures } = parseNote(note);
  return formatNote({ text, signatures: [...signatures, ...cosignatures] });
}
