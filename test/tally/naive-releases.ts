// The lives of releases again, written for clearness alone: what a release is at some entry follows from looking
// through the entries before it. It shares no code with src/tally. For histories whose builders are founders, all of
// them eligible from the start.
import {
  commitmentOf,
  sha256 as nodeSha256,
  type PolicyRules,
  type StatementOf,
} from '../../src/statement/index.ts';
import type { Entry } from '../../src/tally/index.ts';
import { placeSeed, sha256, shuffle } from './naive-lives.ts';

type Kind = Entry['statement']['kind'];
type Of<K extends Kind> = Entry & { readonly statement: StatementOf<K> };

export interface NaiveLife {
  readonly state: string;
  readonly round: number;
  readonly panel: readonly string[];
  /** Seats that passed on: from → to. */
  readonly passed: ReadonlyMap<string, string>;
  readonly winner: string | null;
  readonly provisional: string | undefined;
  readonly endedIndex: number | undefined;
}

interface Round {
  /** The entry at which it was announced. */
  readonly place: Entry;
  /** No entry from here on belongs to it. */
  readonly until: number;
}

export class NaiveReleases {
  readonly #entries: readonly Entry[];
  readonly #origin: string;
  readonly #logKey: string;
  readonly #rules: PolicyRules;
  /** Indices of supersede, takedown and revote statements that were taken. */
  readonly #taken = new Set<number>();

  constructor(entries: readonly Entry[], origin: string, logKey: string, rules: PolicyRules) {
    this.#entries = entries;
    this.#origin = origin;
    this.#logKey = logKey;
    this.#rules = rules;
    for (const entry of entries) if (this.#isTaken(entry)) this.#taken.add(entry.index);
  }

  releases(end = this.#entries.length): Of<'release'>[] {
    return this.#of('release', end).filter(({ statement, signers }) => {
      const founders = signers.filter((key) => this.#rules.founders.includes(key)).length;
      const isUrgent = statement.predicate.urgent;
      return this.#byPublisher(signers) && (!isUrgent || founders >= this.#rules.urgent.founders);
    });
  }

  /** What a release is just before an entry. */
  life(digest: string, end = this.#entries.length): NaiveLife {
    const release = this.#release(digest);
    const ended = this.#ended(digest, end);
    const held = this.name(release.statement.predicate.package, end).held.includes(digest);
    const rounds = held ? this.#rounds(digest, end) : [];
    const round = rounds.at(-1);
    const none = { panel: [], passed: new Map(), winner: null, provisional: undefined };
    const base = { round: Math.max(0, rounds.length - 1), endedIndex: ended?.index };
    if (round === undefined) return { ...none, ...base, state: ended?.kind ?? 'contested' };
    const { panel, passed } = this.#panel(release, round);
    const stage = this.#stage(release, round);
    const provisional =
      ended === undefined && stage === 'voting' ? this.#provisional(release, round) : undefined;
    const outcome = ['final', 'contested', 'failed'].includes(stage) ? this.#winner(release, round) : null;
    return {
      ...base,
      panel,
      passed,
      provisional,
      state: ended?.kind ?? (provisional === undefined ? stage : 'provisional'),
      winner: ended?.kind === 'taken down' ? null : outcome,
    };
  }

  /** Who has a name, who claims it besides, and who ever had it. */
  name(
    name: string,
    end = this.#entries.length,
  ): { live: string; rivals: string[]; held: string[]; retried: Map<string, number> } {
    const found = {
      live: '',
      rivals: [] as string[],
      held: [] as string[],
      retried: new Map<string, number>(),
    };
    for (const entry of this.#entries.slice(0, end)) {
      const { statement, payloadDigest, index } = entry;
      if (statement.kind === 'release' && this.releases(index + 1).at(-1)?.index === index) {
        if (statement.predicate.package !== name) continue;
        const isFree = found.live === '';
        const failed =
          !isFree &&
          found.rivals.length === 0 &&
          this.#fell(found.live, index) &&
          !found.retried.has(found.live);
        if (failed) found.retried.set(found.live, index);
        if (isFree || failed) {
          found.live = payloadDigest;
          found.held.push(payloadDigest);
        } else found.rivals.push(payloadDigest);
      }
      if (!this.#taken.has(index) || !('release' in statement.predicate)) continue;
      const about = statement.predicate.release;
      if (found.rivals.includes(about)) {
        found.rivals.splice(found.rivals.indexOf(about), 1);
        continue;
      }
      if (about !== found.live) continue;
      const heir =
        statement.kind === 'supersede' ? statement.predicate.by : this.#heirOfTakedown(entry, found.rivals);
      if (heir === undefined || !found.rivals.includes(heir)) continue;
      found.rivals.splice(found.rivals.indexOf(heir), 1);
      found.live = heir;
      found.held.push(heir);
    }
    return found;
  }

  #heirOfTakedown({ statement, signers }: Entry, rivals: readonly string[]): string | undefined {
    if (statement.kind !== 'takedown' || rivals.length !== 1 || !this.#byFounders(signers)) return undefined;
    return rivals[0];
  }

  /** Whether a release had failed for want of votes, and nothing had ended it, just before an entry. */
  #fell(digest: string, end: number): boolean {
    const round = this.#rounds(digest, end).at(-1);
    if (round === undefined || this.#endedByTurn(digest, end) !== undefined) return false;
    return this.#stage(this.#release(digest), round) === 'failed';
  }

  #of<K extends Kind>(kind: K, end: number): Of<K>[] {
    return this.#entries.slice(0, end).filter((entry): entry is Of<K> => entry.statement.kind === kind);
  }

  #release(digest: string): Of<'release'> {
    const found = this.releases().find(({ payloadDigest }) => payloadDigest === digest);
    if (found === undefined) throw new Error('no such release');
    return found;
  }

  #byPublisher(signers: readonly string[]): boolean {
    return signers.some((key) => this.#rules.publishers.some(({ keys }) => keys.includes(key)));
  }

  #byFounders(signers: readonly string[]): boolean {
    return signers.filter((key) => this.#rules.founders.includes(key)).length >= this.#rules.foundersQuorum;
  }

  #isTaken({ statement, signers, index, payloadDigest }: Entry): boolean {
    if (statement.kind !== 'supersede' && statement.kind !== 'takedown' && statement.kind !== 'revote')
      return false;
    const { release } = statement.predicate;
    const said = this.#entries.slice(0, index).filter((entry) => entry.payloadDigest === payloadDigest);
    if (said.some((entry) => this.#taken.has(entry.index))) return false;
    const known = this.releases(index);
    const old = known.find(({ payloadDigest }) => payloadDigest === release);
    if (old === undefined) return false;
    const life = this.life(release, index);
    const name = this.name(old.statement.predicate.package, index);
    const mayEnd = this.#byFounders(signers) || !this.#wasLifted(release, index);
    if (statement.kind === 'takedown') {
      const signed = this.#byPublisher(signers) || this.#byFounders(signers);
      return life.state !== 'taken down' && signed && mayEnd;
    }
    if (statement.kind === 'revote') {
      const decided = name.held.includes(release) && ['final', 'contested', 'failed'].includes(life.state);
      const mayLift = life.endedIndex !== undefined && name.live === release;
      return this.#byFounders(signers) && (decided || mayLift) && life.round < 16;
    }
    if (life.endedIndex !== undefined || !mayEnd) return false;
    const heir = known.find(({ payloadDigest }) => payloadDigest === statement.predicate.by);
    if (!this.#byPublisher(signers) || heir === undefined || heir.index <= old.index) return false;
    if (this.life(heir.payloadDigest, index).endedIndex !== undefined) return false;
    if (heir.statement.predicate.package !== old.statement.predicate.package || name.live !== release)
      return true;
    return life.round === 0 && ['announced', 'committing', 'failed'].includes(life.state);
  }

  #turns(digest: string, kinds: readonly Kind[], end: number): Entry[] {
    return this.#entries
      .slice(0, end)
      .filter(
        ({ index, statement }) =>
          this.#taken.has(index) &&
          kinds.includes(statement.kind) &&
          (statement.predicate as { release: string }).release === digest,
      );
  }

  /** Whether founders asked for a revote of it while it was superseded or taken down. */
  #wasLifted(digest: string, end: number): boolean {
    const turns = this.#turns(digest, ['supersede', 'takedown', 'revote'], end);
    return turns.some(
      ({ statement }, at) =>
        statement.kind === 'revote' && at > 0 && turns[at - 1]?.statement.kind !== 'revote',
    );
  }

  #endedByTurn(digest: string, end: number): { kind: string; index: number } | undefined {
    const last = this.#turns(digest, ['supersede', 'takedown', 'revote'], end).at(-1);
    if (last === undefined || last.statement.kind === 'revote') return undefined;
    return { kind: last.statement.kind === 'takedown' ? 'taken down' : 'superseded', index: last.index };
  }

  #ended(digest: string, end: number): { kind: string; index: number } | undefined {
    const byTurn = this.#endedByTurn(digest, end);
    if (byTurn !== undefined) return byTurn;
    const retried = this.name(this.#release(digest).statement.predicate.package, end).retried.get(digest);
    return retried === undefined ? undefined : { kind: 'superseded', index: retried };
  }

  #rounds(digest: string, end: number): Round[] {
    const release = this.#release(digest);
    const given = this.#entries.find(({ index }) =>
      this.name(release.statement.predicate.package, index + 1).held.includes(digest),
    );
    if (given === undefined || given.index >= end) return [];
    const places = [given, ...this.#turns(digest, ['revote'], end)];
    const endings = this.#turns(digest, ['supersede', 'takedown'], end);
    return places.map((place, at) => {
      const ending = endings.find(({ index }) => index > place.index)?.index ?? end;
      return { place, until: Math.min(places[at + 1]?.index ?? end, ending) };
    });
  }

  #about<K extends Kind>(release: Of<'release'>, round: Round, kind: K): Of<K>[] {
    return this.#of(kind, round.until).filter(
      ({ index, statement }) =>
        index > round.place.index &&
        (statement.predicate as { release: string }).release === release.payloadDigest,
    );
  }

  #open(release: Of<'release'>, round: Round): Of<'open'> | undefined {
    return this.#about(release, round, 'open')[0];
  }

  #commitEndsMs(release: Of<'release'>, round: Round): number {
    const open = this.#open(release, round);
    return open === undefined ? Infinity : open.timeMs + release.statement.predicate.commitSeconds * 1000;
  }

  #close(release: Of<'release'>, round: Round): Of<'close'> | undefined {
    return this.#about(release, round, 'close')[0];
  }

  #verdict(release: Of<'release'>, round: Round): Of<'verdict'> | undefined {
    return this.#about(release, round, 'verdict')[0];
  }

  #commits(release: Of<'release'>, round: Round, key: string): Of<'commit'>[] {
    const open = this.#open(release, round)?.index ?? Infinity;
    const close = this.#close(release, round)?.index ?? Infinity;
    const inTime = this.#about(release, round, 'commit').filter(
      ({ index, timeMs, signers }) =>
        signers[0] === key && index > open && index < close && timeMs < this.#commitEndsMs(release, round),
    );
    const said = inTime.map(({ statement }) => statement.predicate.commitment);
    return inTime.filter((_, at) => said.indexOf(said[at] ?? '') === at);
  }

  #votes(release: Of<'release'>, round: Round, key: string): Of<'vote'>[] {
    const close = this.#close(release, round);
    const endMs = close === undefined ? 0 : close.timeMs + release.statement.predicate.voteSeconds * 1000;
    const end = this.#verdict(release, round)?.index ?? Infinity;
    const commits = this.#commits(release, round, key);
    const taken: Of<'vote'>[] = [];
    for (const vote of this.#about(release, round, 'vote')) {
      if (vote.signers[0] !== key || vote.index < (close?.index ?? Infinity)) continue;
      if (vote.index > end || vote.timeMs >= endMs) continue;
      const { salt, infoHashV2 } = vote.statement.predicate;
      const parts = { origin: this.#origin, release: release.payloadDigest, key, salt, infoHashV2 };
      const opens =
        commits.length === 0 ||
        (commits.length === 1 &&
          commitmentOf(parts, nodeSha256) === commits[0]?.statement.predicate.commitment);
      const differs = taken[0]?.statement.predicate.infoHashV2 !== infoHashV2;
      if (taken.length === 0 ? opens : differs) taken.push(vote);
    }
    return taken;
  }

  /** The vote by which a builder's ballot is complete, audited or not; none after it contradicted itself. */
  #opened(release: Of<'release'>, round: Round, key: string): Of<'vote'> | undefined {
    const votes = this.#votes(release, round, key);
    return this.#commits(release, round, key).length === 1 && votes.length === 1 ? votes[0] : undefined;
  }

  #counted(release: Of<'release'>, round: Round, key: string): string | undefined {
    const vote = this.#opened(release, round, key);
    const close = this.#close(release, round);
    if (vote === undefined || close === undefined) return undefined;
    const endMs = close.timeMs + release.statement.predicate.voteSeconds * 1000;
    const end = this.#verdict(release, round)?.index ?? Infinity;
    const { infoHashV2 } = vote.statement.predicate;
    const audited = this.#about(release, round, 'audit').some(
      ({ index, timeMs, statement, signers }) =>
        signers.includes(this.#logKey) &&
        index > vote.index &&
        index < end &&
        timeMs < endMs &&
        statement.predicate.infoHashV2 === infoHashV2 &&
        statement.predicate.passed.includes(key),
    );
    return audited ? infoHashV2 : undefined;
  }

  #panel(release: Of<'release'>, round: Round): { panel: string[]; passed: Map<string, string> } {
    const { index, timeMs } = round.place;
    const seed = sha256(
      placeSeed('bitquorum/lot/v1\0', this.#origin, index, timeMs),
      Buffer.from(release.payloadDigest, 'hex'),
    );
    const order = shuffle([...this.#rules.founders].sort(), seed);
    const seats = Math.min(this.#rules.panelSeats, order.length);
    const panel = order.slice(0, seats);
    const passed = new Map<string, string>();
    const open = this.#open(release, round);
    const halfMs = (open?.timeMs ?? 0) + Math.ceil((release.statement.predicate.commitSeconds * 1000) / 2);
    const bell = this.#entries.find(
      (entry) => open !== undefined && entry.index > open.index && entry.timeMs >= halfMs,
    );
    const close = this.#close(release, round)?.index ?? Infinity;
    const isOver = bell === undefined || bell.index > close || bell.index > round.until;
    if (isOver || bell.index === this.#entries.length) return { panel: panel.sort(), passed };
    const idle = panel.filter(
      (key) => !this.#commits(release, round, key).some((commit) => commit.index < bell.index),
    );
    const heirs = order.slice(seats, seats + idle.length);
    const losers = heirs.length === 0 ? [] : idle.slice(-heirs.length);
    losers.forEach((key, at) => passed.set(key, heirs[at] ?? ''));
    return { panel: [...panel.filter((key) => !passed.has(key)), ...heirs].sort(), passed };
  }

  #stage(release: Of<'release'>, round: Round): string {
    if (this.#open(release, round) === undefined) return 'announced';
    if (this.#close(release, round) === undefined) return 'committing';
    if (this.#verdict(release, round) === undefined) return 'voting';
    if (this.#winner(release, round) !== null) return 'final';
    const { panel } = this.#panel(release, round);
    return this.#cast(release, round).length >= this.#quorum(panel.length) ? 'contested' : 'failed';
  }

  #quorum(seats: number): number {
    return Math.max(this.#rules.minimumVotes, Math.floor(seats / 2) + 1);
  }

  /** The panel's votes cast; a commitment never opened is a vote for nothing. */
  #cast(release: Of<'release'>, round: Round): string[] {
    return this.#panel(release, round).panel.flatMap((key) => {
      const counted = this.#counted(release, round, key);
      if (counted !== undefined) return [counted];
      const isUnopened =
        this.#commits(release, round, key).length === 1 && this.#votes(release, round, key).length === 0;
      return isUnopened ? ['nothing'] : [];
    });
  }

  #winner(release: Of<'release'>, round: Round): string | null {
    const cast = this.#cast(release, round);
    const quorum = this.#quorum(this.#panel(release, round).panel.length);
    const size = (infoHashV2: string) => cast.filter((vote) => vote === infoHashV2).length;
    return (
      cast.find((vote) => vote !== 'nothing' && size(vote) >= quorum && size(vote) * 3 >= cast.length * 2) ??
      null
    );
  }

  #provisional(release: Of<'release'>, round: Round): string | undefined {
    if (!release.statement.predicate.urgent) return undefined;
    const opened = this.#rules.founders.flatMap(
      (key) => this.#opened(release, round, key)?.statement.predicate.infoHashV2 ?? [],
    );
    const counted = this.#rules.founders.flatMap((key) => this.#counted(release, round, key) ?? []);
    const agree = new Set(opened).size === 1 && counted.length >= this.#rules.urgent.provisionalClusters;
    return agree ? opened[0] : undefined;
  }
}
