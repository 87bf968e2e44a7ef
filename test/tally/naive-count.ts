// The rules of the count again, written for clearness alone: every question is answered by looking through
// all entries from the start. It shares no code with src/tally, only the statements and hashes.
import { createHash } from 'node:crypto';
import { commitmentOf, type PolicyRules, type StatementOf, sha256 } from '../../src/statement/index.ts';
import type { Entry } from '../../src/tally/index.ts';

export interface NaiveRelease {
  readonly state: string;
  readonly panel: readonly string[];
  readonly winner: string | null;
  /** Key → the index of its counted vote. */
  readonly counted: ReadonlyMap<string, number>;
  /** Keys of panel members that committed and never opened. */
  readonly unopened: readonly string[];
  readonly equivocated: readonly string[];
}

type Of<K extends Entry['statement']['kind']> = Entry & { readonly statement: StatementOf<K> };

export class NaiveCount {
  readonly entries: readonly Entry[];
  readonly origin: string;
  readonly logKey: string;
  readonly rules: PolicyRules;

  /** Histories with one policy, as entry 0. */
  constructor(entries: readonly Entry[], origin: string, logKey: string) {
    const genesis = entries[0]?.statement;
    if (genesis?.kind !== 'policy') throw new Error('entry 0 is no policy');
    this.entries = entries;
    this.origin = origin;
    this.logKey = logKey;
    this.rules = genesis.predicate.rules;
  }

  /** Digests of the releases that were taken, in order. */
  releases(): string[] {
    return [...new Set(this.#of('release').map(({ payloadDigest }) => payloadDigest))];
  }

  release(digest: string): NaiveRelease {
    const release = this.#releaseEntry(digest);
    const authorised = this.#isAuthorised(release);
    const panel = authorised && !this.#isRival(release) ? this.#panel(release) : [];
    const empty = { panel, winner: null, counted: new Map(), unopened: [], equivocated: [] };
    if (!authorised) return { ...empty, state: 'announced' };
    if (this.#isRival(release)) return { ...empty, state: 'contested' };
    const close = this.#close(release);
    const state = this.#state(release);
    const equivocated = this.#committers(release).filter((key) => this.#equivocated(release, key));
    if (close === undefined) return { ...empty, state, equivocated };
    const counted = new Map(
      panel.flatMap((key) => {
        const vote = this.#countedVote(release, key);
        return vote === undefined ? [] : [[key, vote.index] as const];
      }),
    );
    const unopened = panel.filter((key) => this.#isUnopened(release, key));
    const winner = state === 'final' ? this.#winner(release) : null;
    return { state, panel, winner, counted, unopened, equivocated };
  }

  #of<K extends Entry['statement']['kind']>(kind: K): Of<K>[] {
    return this.entries.filter(
      (entry): entry is Of<K> => entry.statement.kind === kind && this.#isBound(entry),
    );
  }

  #isBound({ statement, timeMs, signers }: Entry): boolean {
    const { origin, timeMs: said } = statement.predicate;
    return (
      origin === this.origin && said <= timeMs + 600_000 && said >= timeMs - 86_400_000 && signers.length > 0
    );
  }

  #isAuthorised({ statement, signers }: Of<'release'>): boolean {
    const fitting = this.rules.publishers
      .filter(({ prefix }) => statement.predicate.package.startsWith(prefix))
      .sort((left, right) => right.prefix.length - left.prefix.length)[0];
    return signers.some((key) => fitting?.keys.includes(key));
  }

  /** The entry by which a release stands: the first authorised one, else the first. */
  #releaseEntry(digest: string): Of<'release'> {
    const all = this.#of('release').filter((entry) => entry.payloadDigest === digest);
    const found = all.find((entry) => this.#isAuthorised(entry)) ?? all[0];
    if (found === undefined) throw new Error('no such release');
    return found;
  }

  /** Whether, at its entry, another release held the name. */
  #isRival(release: Of<'release'>): boolean {
    const earlier = this.#of('release').filter(
      (entry) =>
        entry.index < release.index &&
        entry.payloadDigest !== release.payloadDigest &&
        entry.statement.predicate.package === release.statement.predicate.package &&
        this.#releaseEntry(entry.payloadDigest).index === entry.index &&
        this.#isAuthorised(entry),
    );
    const before = new NaiveCount(this.entries.slice(0, release.index), this.origin, this.logKey);
    return earlier.some(
      (entry) =>
        before.#isRival(before.#releaseEntry(entry.payloadDigest)) ||
        before.#state(before.#releaseEntry(entry.payloadDigest)) !== 'failed',
    );
  }

  #registrations(key: string, before: number): Of<'builder'>[] {
    const taken: Of<'builder'>[] = [];
    for (const entry of this.#of('builder')) {
      const { subject, predicate } = entry.statement;
      if (entry.index >= before || subject.sha256 !== key) continue;
      if (entry.signers.length !== 1 || entry.signers[0] !== key) continue;
      if (taken[0] !== undefined && taken[0].statement.predicate.nextKey !== predicate.nextKey) continue;
      if (this.#announceOwner(predicate.announceDigest, key, entry.index)) continue;
      taken.push(entry);
    }
    return taken;
  }

  /** Whether somebody else's registration in force names this announce digest. */
  #announceOwner(digest: string, key: string, before: number): boolean {
    const others = new Set(this.#of('builder').map(({ statement }) => statement.subject.sha256));
    others.delete(key);
    return [...others].some((other) => {
      const mentions = this.#of('builder').some(
        ({ index, statement }) =>
          index < before &&
          statement.subject.sha256 === other &&
          statement.predicate.announceDigest === digest,
      );
      if (!mentions) return false;
      return this.#registrations(other, before).at(-1)?.statement.predicate.announceDigest === digest;
    });
  }

  #panel(release: Of<'release'>): string[] {
    const { platform } = release.statement.predicate;
    const founders = this.rules.founders
      .map((key) => ({ key, given: this.#registrations(key, release.index) }))
      .filter(({ given }) => given.length > 0)
      .filter(
        ({ given }) => platform === 'any' || given.at(-1)?.statement.predicate.platforms.includes(platform),
      );
    const marks = (key: string) => {
      const predicate = founders.find((founder) => founder.key === key)?.given.at(-1)?.statement.predicate;
      // Prefixes in these histories are whole /24s, so equal text is the same network.
      return [predicate?.operator.toLowerCase(), ...(predicate?.prefixes ?? [])];
    };
    const near = (left: string, right: string) => marks(left).some((mark) => marks(right).includes(mark));
    const cluster = (key: string): string[] => {
      const found = [key];
      for (let at = 0; at < found.length; at += 1) {
        for (const other of founders) {
          if (!found.includes(other.key) && near(found[at] ?? '', other.key)) found.push(other.key);
        }
      }
      return found;
    };
    const since = (key: string) => founders.find((founder) => founder.key === key)?.given[0]?.index ?? 0;
    const seats = founders
      .map(({ key }) => key)
      .filter((key) => cluster(key).every((other) => since(key) <= since(other)));
    return seats
      .sort((left, right) => (this.#lot(release, left) < this.#lot(release, right) ? -1 : 1))
      .slice(0, this.rules.panelSeats)
      .sort();
  }

  #lot(release: Of<'release'>, key: string): string {
    const numbers = Buffer.alloc(16);
    numbers.writeBigUInt64BE(BigInt(release.index), 0);
    numbers.writeBigUInt64BE(BigInt(release.timeMs), 8);
    const origin = createHash('sha256').update(this.origin).digest();
    const seed = createHash('sha256').update('bitquorum/lot/v1\0').update(origin).update(numbers).digest();
    return createHash('sha256')
      .update(seed)
      .update(Buffer.from(key, 'hex'))
      .update(Buffer.from(release.payloadDigest, 'hex'))
      .digest('hex');
  }

  /** Entries of a kind about a release, after it. */
  #about<K extends 'open' | 'close' | 'commit' | 'failure' | 'vote' | 'audit' | 'verdict'>(
    release: Of<'release'>,
    kind: K,
  ): Of<K>[] {
    return this.#of(kind).filter(
      (entry) =>
        entry.index > release.index &&
        (entry.statement.predicate as { release: string }).release === release.payloadDigest &&
        entry.statement.subject.name === release.statement.predicate.package,
    );
  }

  #byLog(entry: Entry): boolean {
    return entry.signers.includes(this.logKey);
  }

  #open(release: Of<'release'>): Of<'open'> | undefined {
    return this.#about(release, 'open').find((entry) => this.#byLog(entry));
  }

  #commitEndsMs(release: Of<'release'>): number {
    const open = this.#open(release);
    if (open === undefined) return Infinity;
    const said = open.statement.predicate.timeMs;
    const from = said <= open.timeMs && said >= open.timeMs - 60_000 ? said : open.timeMs;
    return from + release.statement.predicate.commitSeconds * 1000;
  }

  #close(release: Of<'release'>): Of<'close'> | undefined {
    const open = this.#open(release);
    if (open === undefined) return undefined;
    return this.#about(release, 'close').find(
      (entry) =>
        entry.index > open.index && this.#byLog(entry) && entry.timeMs >= this.#commitEndsMs(release),
    );
  }

  #voteEndsMs(release: Of<'release'>): number {
    const close = this.#close(release);
    return close === undefined ? Infinity : close.timeMs + release.statement.predicate.voteSeconds * 1000;
  }

  #verdict(release: Of<'release'>): Of<'verdict'> | undefined {
    const close = this.#close(release);
    if (close === undefined) return undefined;
    return this.#about(release, 'verdict').find(
      (entry) => entry.index > close.index && this.#byLog(entry) && entry.timeMs >= this.#voteEndsMs(release),
    );
  }

  #by<Each extends Entry>(entries: readonly Each[], key: string): Each[] {
    return entries.filter(
      (entry) =>
        entry.signers.length === 1 &&
        entry.signers[0] === key &&
        this.#registrations(key, entry.index).length > 0,
    );
  }

  /** Different commitments of a builder in time. */
  #commits(release: Of<'release'>, key: string): Of<'commit'>[] {
    const open = this.#open(release)?.index ?? Infinity;
    const close = this.#close(release)?.index ?? Infinity;
    const inTime = this.#by(this.#about(release, 'commit'), key).filter(
      ({ index, timeMs }) => index > open && index < close && timeMs < this.#commitEndsMs(release),
    );
    const said = inTime.map(({ statement }) => statement.predicate.commitment);
    return inTime.filter((_, at) => said.indexOf(said[at] ?? '') === at);
  }

  /** Votes that are taken: the first opens the commitment (or is a mirror's), later ones contradict it. */
  #votes(release: Of<'release'>, key: string): Of<'vote'>[] {
    const close = this.#close(release)?.index ?? Infinity;
    const end = this.#verdict(release)?.index ?? Infinity;
    const commits = this.#commits(release, key);
    const inTime = this.#by(this.#about(release, 'vote'), key).filter(
      ({ index, timeMs }) => index > close && index < end && timeMs < this.#voteEndsMs(release),
    );
    const taken: Of<'vote'>[] = [];
    for (const vote of inTime) {
      const { salt, infoHashV2 } = vote.statement.predicate;
      const parts = { origin: this.origin, release: release.payloadDigest, key, salt, infoHashV2 };
      const opens =
        commits.length === 0 ||
        (commits.length === 1 && commitmentOf(parts, sha256) === commits[0]?.statement.predicate.commitment);
      if (taken.length === 0 ? opens : taken[0]?.statement.predicate.infoHashV2 !== infoHashV2)
        taken.push(vote);
    }
    return taken;
  }

  #equivocated(release: Of<'release'>, key: string): boolean {
    return this.#commits(release, key).length > 1 || this.#votes(release, key).length > 1;
  }

  #committers(release: Of<'release'>): string[] {
    const keys = new Set(this.entries.flatMap(({ signers }) => signers));
    return [...keys].filter(
      (key) => this.#commits(release, key).length > 0 || this.#votes(release, key).length > 0,
    );
  }

  #countedVote(release: Of<'release'>, key: string): Of<'vote'> | undefined {
    const [vote] = this.#votes(release, key);
    if (vote === undefined || this.#commits(release, key).length !== 1 || this.#equivocated(release, key)) {
      return undefined;
    }
    const end = this.#verdict(release)?.index ?? Infinity;
    const audited = this.#about(release, 'audit').some(
      (audit) =>
        this.#byLog(audit) &&
        audit.index > vote.index &&
        audit.index < end &&
        audit.timeMs < this.#voteEndsMs(release) &&
        audit.statement.predicate.infoHashV2 === vote.statement.predicate.infoHashV2 &&
        audit.statement.predicate.passed.includes(key),
    );
    return audited ? vote : undefined;
  }

  #isUnopened(release: Of<'release'>, key: string): boolean {
    return this.#commits(release, key).length === 1 && this.#votes(release, key).length === 0;
  }

  #winner(release: Of<'release'>): string | null {
    const panel = this.#panel(release);
    const votes = panel.flatMap(
      (key) => this.#countedVote(release, key)?.statement.predicate.infoHashV2 ?? [],
    );
    const cast = votes.length + panel.filter((key) => this.#isUnopened(release, key)).length;
    const quorum = Math.max(this.rules.minimumVotes, Math.floor(panel.length / 2) + 1);
    const fits = (infoHashV2: string) => {
      const size = votes.filter((vote) => vote === infoHashV2).length;
      return size >= quorum && size * 3 >= cast * 2;
    };
    return votes.find(fits) ?? null;
  }

  #state(release: Of<'release'>): string {
    if (this.#open(release) === undefined) return 'announced';
    if (this.#close(release) === undefined) return 'committing';
    if (this.#verdict(release) === undefined) return 'voting';
    if (this.#winner(release) !== null) return 'final';
    const panel = this.#panel(release);
    const cast = panel.filter(
      (key) => this.#countedVote(release, key) !== undefined || this.#isUnopened(release, key),
    ).length;
    const quorum = Math.max(this.rules.minimumVotes, Math.floor(panel.length / 2) + 1);
    return cast >= quorum ? 'contested' : 'failed';
  }
}
