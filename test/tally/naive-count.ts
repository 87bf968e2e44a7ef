// The rules of the count again, written for clearness alone: every question is answered by looking through
// all entries from the start. It shares no code with src/tally, only the statements and hashes.
import type { PolicyRules } from '../../src/statement/index.ts';
import type { Entry } from '../../src/tally/index.ts';
import { NaiveCanaries, type NaiveCanary } from './naive-canaries.ts';
import { type Judgement, NaiveLives, placeSeed, sha256, shuffle } from './naive-lives.ts';
import { NaiveLog, NaivePolls, type Of, once, type Poll } from './naive-polls.ts';

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

export class NaiveCount {
  readonly log: NaiveLog;
  readonly rules: PolicyRules;
  readonly lives: NaiveLives;
  readonly #polls: NaivePolls;
  readonly #canaries: NaiveCanaries;
  readonly #known = new Map<string, unknown>();

  /** Histories with one policy, as entry 0. */
  constructor(entries: readonly Entry[], origin: string, logKey: string, lives?: NaiveLives) {
    const genesis = entries[0]?.statement;
    if (genesis?.kind !== 'policy') throw new Error('entry 0 is no policy');
    this.log = new NaiveLog(entries, origin, logKey);
    this.rules = genesis.predicate.rules;
    const court = {
      judged: (index: number) => this.#judged(index),
      audited: (index: number) => this.#audited(index),
    };
    this.lives = lives ?? new NaiveLives(entries, origin, this.rules, this.log.isBound, court);
    this.#polls = new NaivePolls(this.log, this.lives);
    this.#canaries = new NaiveCanaries(this.#polls, this.rules);
  }

  /** Digests of the releases that were taken, in order. */
  releases(): string[] {
    const taken = this.log.of('release').filter((entry) => this.#isTaken(entry));
    return [...new Set(taken.map(({ payloadDigest }) => payloadDigest))];
  }

  release(digest: string): NaiveRelease {
    const release = this.#releaseEntry(digest);
    const poll = this.#poll(release);
    const authorised = this.#isAuthorised(release);
    const panel = authorised && !this.#isRival(release) ? this.#panel(release) : [];
    const empty = { panel, winner: null, counted: new Map(), unopened: [], equivocated: [] };
    if (!authorised) return { ...empty, state: 'announced' };
    if (this.#isRival(release)) return { ...empty, state: 'contested' };
    const state = this.#state(release);
    const equivocated = this.#polls.participants(poll).filter((key) => this.#polls.equivocated(poll, key));
    if (poll.closeIndex === Infinity) return { ...empty, state, equivocated };
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

  /** Every canary of every release, in order. */
  canaries(): NaiveCanary[] {
    return this.releases().flatMap((digest) => this.#canariesOf(this.#releaseEntry(digest)));
  }

  #canariesOf(release: Of<'release'>): NaiveCanary[] {
    return once(this.#known, `#canariesOf ${release.index}`, () => this.#findCanariesOf(release));
  }

  #findCanariesOf(release: Of<'release'>): NaiveCanary[] {
    if (!this.#isAuthorised(release) || this.#isRival(release)) return [];
    return this.#canaries.of(release, this.#poll(release));
  }

  #isAuthorised({ statement, signers }: Of<'release'>): boolean {
    const fitting = this.rules.publishers
      .filter(({ prefix }) => statement.predicate.package.startsWith(prefix))
      .sort((left, right) => right.prefix.length - left.prefix.length)[0];
    return signers.some((key) => fitting?.keys.includes(key));
  }

  /** The entry by which a release stands: the first authorised one, else the first. */
  #releaseEntry(digest: string): Of<'release'> {
    const all = this.log
      .of('release')
      .filter((entry) => entry.payloadDigest === digest && this.#isTaken(entry));
    const found = all.find((entry) => this.#isAuthorised(entry)) ?? all[0];
    if (found === undefined) throw new Error('no such release');
    return found;
  }

  /** Whether, at its entry, another release held the name. */
  #isRival(release: Of<'release'>): boolean {
    return once(this.#known, `#isRival ${release.index}`, () => this.#findIsRival(release));
  }

  /** Whether it is not one too many that would claim a name. */
  #isTaken(entry: Of<'release'>): boolean {
    return once(this.#known, `#isTaken ${entry.index}`, () => {
      const earlier = this.#isAuthorised(entry) ? this.#earlier(entry) : [];
      return earlier.length <= 16 || earlier.filter((each) => this.#isRival(each)).length < 16;
    });
  }

  /** Other releases of the name before it. */
  #earlier(release: Of<'release'>): Of<'release'>[] {
    return this.log
      .of('release')
      .filter(
        (entry) =>
          entry.index < release.index &&
          entry.payloadDigest !== release.payloadDigest &&
          entry.statement.predicate.package === release.statement.predicate.package &&
          this.#isAuthorised(entry) &&
          this.#isTaken(entry) &&
          this.#releaseEntry(entry.payloadDigest).index === entry.index,
      );
  }

  #findIsRival(release: Of<'release'>): boolean {
    const earlier = this.#earlier(release);
    const before = this.#before(release.index);
    return earlier.some(
      (entry) =>
        before.#isRival(before.#releaseEntry(entry.payloadDigest)) ||
        before.#state(before.#releaseEntry(entry.payloadDigest)) !== 'failed',
    );
  }

  /** The log as it stood before an entry. */
  #before(index: number): NaiveCount {
    return once(this.#known, `#before ${index}`, () => this.#findBefore(index));
  }

  #findBefore(index: number): NaiveCount {
    const { entries, origin, logKey } = this.log;
    return new NaiveCount(entries.slice(0, index), origin, logKey, this.lives);
  }

  /** The panel: drawn at the release's entry; at half-time the seats of the idle pass on. */
  #panel(release: Of<'release'>): string[] {
    return once(this.#known, `#panel ${release.index}`, () => this.#findPanel(release));
  }

  #findPanel(release: Of<'release'>): string[] {
    const pool = this.lives.pool(release.index, release.statement.predicate.platform);
    const place = placeSeed('bitquorum/lot/v1\0', this.log.origin, release.index, release.timeMs);
    const order = shuffle(pool, sha256(place, Buffer.from(release.payloadDigest, 'hex')));
    const drawn = order.slice(0, this.rules.panelSeats);
    const half = this.#halfTime(release);
    if (half === undefined) return drawn.sort();
    const poll = this.#poll(release);
    const idle = drawn.filter((key) => !this.#polls.commits(poll, key).some(({ index }) => index < half));
    const next = order
      .slice(drawn.length)
      .filter((key) => !this.lives.lostWeight(key, release.index, half))
      .slice(0, idle.length);
    const losers = next.length === 0 ? [] : idle.slice(-next.length);
    return [...drawn.filter((key) => !losers.includes(key)), ...next].sort();
  }

  /** The first entry at or after the middle of the commit window. */
  #halfTime(release: Of<'release'>): number | undefined {
    const open = this.#open(release);
    if (open === undefined) return undefined;
    const endsMs = this.#commitEndsMs(release);
    const fromMs = endsMs - release.statement.predicate.commitSeconds * 1000;
    const halfMs = fromMs + Math.ceil((endsMs - fromMs) / 2);
    return this.log.entries.find(({ index, timeMs }) => index > open.index && timeMs >= halfMs)?.index;
  }

  #about<K extends 'open' | 'close' | 'verdict'>(release: Of<'release'>, kind: K): Of<K>[] {
    return this.log
      .about(release.payloadDigest, release.statement.predicate.package, kind)
      .filter((entry) => entry.index > release.index && this.log.byLog(entry));
  }

  #open(release: Of<'release'>): Of<'open'> | undefined {
    return this.#about(release, 'open')[0];
  }

  #commitEndsMs(release: Of<'release'>): number {
    const open = this.#open(release);
    if (open === undefined) return Infinity;
    const said = open.statement.predicate.timeMs;
    const from = said <= open.timeMs && said >= open.timeMs - 60_000 ? said : open.timeMs;
    return from + release.statement.predicate.commitSeconds * 1000;
  }

  #poll(release: Of<'release'>): Poll {
    return once(this.#known, `#poll ${release.index}`, () => this.#findPoll(release));
  }

  #findPoll(release: Of<'release'>): Poll {
    const open = this.#open(release);
    const commitEndsMs = this.#commitEndsMs(release);
    const close =
      open &&
      this.#about(release, 'close').find(({ index, timeMs }) => index > open.index && timeMs >= commitEndsMs);
    const { voteSeconds, package: packageUrl } = release.statement.predicate;
    const voteEndsMs = close === undefined ? Infinity : close.timeMs + voteSeconds * 1000;
    const verdict =
      close &&
      this.#about(release, 'verdict').find(
        ({ index, timeMs }) => index > close.index && timeMs >= voteEndsMs,
      );
    return {
      digest: release.payloadDigest,
      packageUrl,
      openIndex: open?.index ?? Infinity,
      commitEndsMs,
      closeIndex: close?.index ?? Infinity,
      voteEndsMs,
      endIndex: verdict?.index ?? Infinity,
      members: undefined,
    };
  }

  #hasWeight(release: Of<'release'>, key: string): boolean {
    return !this.lives.lostWeight(
      key,
      release.index,
      Math.min(this.#poll(release).endIndex, this.log.entries.length),
    );
  }

  #countedVote(release: Of<'release'>, key: string): Of<'vote'> | undefined {
    return this.#hasWeight(release, key) ? this.#polls.counted(this.#poll(release), key) : undefined;
  }

  #isUnopened(release: Of<'release'>, key: string): boolean {
    return this.#hasWeight(release, key) && this.#polls.isUnopened(this.#poll(release), key);
  }

  #votes(release: Of<'release'>): { key: string; said: string | null }[] {
    return this.#panel(release).flatMap((key): { key: string; said: string | null }[] => {
      const vote = this.#countedVote(release, key)?.statement.predicate.infoHashV2;
      if (vote !== undefined) return [{ key, said: vote }];
      return this.#isUnopened(release, key) ? [{ key, said: null }] : [];
    });
  }

  #quorum(release: Of<'release'>): number {
    return Math.max(this.rules.minimumVotes, Math.floor(this.#panel(release).length / 2) + 1);
  }

  #winner(release: Of<'release'>): string | null {
    const cast = this.#votes(release);
    const seniors = cast.filter(
      ({ key }) => this.rules.founders.includes(key) || this.lives.isElder(release.index, key),
    );
    const quorum = this.#quorum(release);
    const share = (votes: typeof cast, said: string) => votes.filter((vote) => vote.said === said).length;
    const fits = (said: string | null) =>
      said !== null &&
      share(cast, said) >= quorum &&
      share(cast, said) * 3 >= cast.length * 2 &&
      share(seniors, said) * 3 >= seniors.length * 2;
    return cast.find(({ said }) => fits(said))?.said ?? null;
  }

  #state(release: Of<'release'>): string {
    const poll = this.#poll(release);
    if (poll.openIndex === Infinity) return 'announced';
    if (poll.closeIndex === Infinity) return 'committing';
    if (poll.endIndex === Infinity) return 'voting';
    if (this.#winner(release) !== null) return 'final';
    return this.#votes(release).length >= this.#quorum(release) ? 'contested' : 'failed';
  }

  /** Who passed an audit for something that it voted for. */
  #audited(index: number): string[] {
    const audit = this.log.of('audit').find((entry) => entry.index === index);
    if (audit === undefined || !this.log.byLog(audit)) return [];
    const { release: digest } = audit.statement.predicate;
    const before = this.#before(index);
    const poll = before.#pollBy(digest, audit.statement.subject.name);
    if (poll === undefined || poll.closeIndex > index) return [];
    return audit.statement.predicate.passed.filter((key) => before.#polls.isAuditedBy(poll, key, audit));
  }

  #canaryBy(digest: string): NaiveCanary | undefined {
    const entry = this.log.of('canary').find(({ payloadDigest }) => payloadDigest === digest);
    const release = entry?.statement.predicate.release;
    if (release === undefined || !this.releases().includes(release)) return undefined;
    return this.#canariesOf(this.#releaseEntry(release)).find(({ poll }) => poll.digest === digest);
  }

  #pollBy(digest: string, packageUrl: string): Poll | undefined {
    const canary = this.#canaryBy(digest)?.poll;
    if (canary !== undefined) return canary.packageUrl === packageUrl ? canary : undefined;
    if (!this.releases().includes(digest)) return undefined;
    const release = this.#releaseEntry(digest);
    return release.statement.predicate.package === packageUrl ? this.#poll(release) : undefined;
  }

  /** What a verdict means for builders. */
  #judged(index: number): Judgement | undefined {
    const verdict = this.log.of('verdict').find((entry) => entry.index === index);
    if (verdict === undefined) return undefined;
    const { release: digest } = verdict.statement.predicate;
    const upTo = this.#before(index + 1);
    const canary = upTo.#canaryBy(digest);
    if (canary !== undefined) return upTo.#canaries.judged(canary, index, upTo.canaries());
    if (!upTo.releases().includes(digest)) return undefined;
    const release = upTo.#releaseEntry(digest);
    if (!upTo.#isAuthorised(release) || upTo.#isRival(release)) return undefined;
    const poll = upTo.#poll(release);
    return poll.endIndex === index ? upTo.#judgedRelease(release, poll) : undefined;
  }

  #judgedRelease(release: Of<'release'>, poll: Poll): Judgement {
    const winner = this.#state(release) === 'final' ? this.#winner(release) : null;
    const cast = this.#votes(release);
    const { clusters, share } = this.rules.divergence;
    const alike = cast.filter(({ said }) => said === winner).length;
    const binding = winner !== null && cast.length >= clusters && alike * share[1] >= cast.length * share[0];
    const everybody = this.#polls.participants(poll);
    const differs = (key: string) => {
      if (this.#polls.equivocated(poll, key)) return true;
      if (!binding || this.#polls.commits(poll, key).length === 0) return false;
      const vote = this.#polls.votes(poll, key)[0];
      return vote !== undefined && vote.statement.predicate.infoHashV2 !== winner;
    };
    // What votes on the name have shown before is public: to match it is no build.
    const shown = this.#earlier(release).flatMap((each) => {
      const past = this.#poll(each);
      return this.#polls.participants(past).flatMap((key) => this.#polls.votes(past, key)[0] ?? []);
    });
    const isPublic = shown.some(({ statement }) => statement.predicate.infoHashV2 === winner);
    const matches = (key: string) =>
      winner !== null &&
      !isPublic &&
      this.#polls.counted(poll, key)?.statement.predicate.infoHashV2 === winner;
    return {
      unopened: binding ? this.#polls.unopened(poll, everybody, winner) : [],
      matched: everybody.filter((key) => !differs(key) && matches(key)),
      canaries: [],
      diverged: everybody.filter(differs),
    };
  }
}
