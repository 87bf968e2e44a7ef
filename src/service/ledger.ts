import { createHash } from 'node:crypto';
import { type Statement, sha256, type VerifiedEnvelope, verifyEd25519 } from '../statement/index.ts';
import type { StoredEntry } from '../store/index.ts';
import {
  builderOfAnnounceDigest,
  countEntry,
  emptyTally,
  identityOf,
  type Tally,
  witnessedOf,
} from '../tally/index.ts';
import { VoteIndex } from './vote-index.ts';

/** An entry of the log after it was counted. */
export interface CountedEntry {
  readonly index: number;
  readonly statement: Statement;
  readonly payloadDigest: string;
  readonly signers: readonly string[];
  /** Whether it counts for anything; `false` is an entry that a race let in and the count refused. */
  readonly counts: boolean;
}

/** What the service knows from its log and from nothing else: the count, and what the tracker looks up in it. */
export class Ledger {
  readonly tally: Tally;
  readonly votes = new VoteIndex();

  /** `logKey`: the log's public key, 64 hex digits. */
  constructor(origin: string, logKey: string) {
    this.tally = emptyTally({ origin, logKey, sha256 });
  }

  /** Entries counted so far. */
  get size(): number {
    return this.tally.size;
  }

  /** Counts the next entry by what its envelope was verified to be. */
  count({ index, timeMs }: StoredEntry, verified: VerifiedEnvelope): CountedEntry {
    const { statement, payloadDigest, signers } = verified;
    const refusedBefore = this.tally.refusedTotal;
    const witnessed = witnessedOf(this.tally, statement, verifyEd25519);
    countEntry(this.tally, { index, timeMs, statement, payloadDigest, signers, ...witnessed });
    const counts = this.tally.refusedTotal === refusedBefore;
    if (counts) this.#index(statement, signers);
    return { index, statement, payloadDigest, signers, counts };
  }

  /** The builder whose announce URL has this token (43 characters of base64url), or undefined. */
  builderOfToken(token: string): string | undefined {
    if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
    return builderOfAnnounceDigest(this.tally, createHash('sha256').update(token).digest('hex'));
  }

  /** The builder for whom a key (64 hex digits) signs now, by its first key; undefined when it is nobody's. */
  builderOfKey(key: string | undefined): string | undefined {
    return key === undefined ? undefined : identityOf(this.tally, key);
  }

  #index(statement: Statement, signers: readonly string[]): void {
    const builder = this.builderOfKey(signers[0]);
    if (statement.kind === 'vote' && builder !== undefined) {
      const { release, infoHashV2 } = statement.predicate;
      this.votes.add({ release, builder, infoHashV2 });
    } else if (statement.kind === 'audit') {
      const { release, infoHashV2, passed } = statement.predicate;
      for (const each of passed) this.votes.pass({ release, builder: each, infoHashV2 });
    } else if (statement.kind === 'verdict') this.votes.settle(statement.predicate.release);
  }
}
