// Canaries again: who is drawn for them when a release is closed, and what comes of it.
import type { PolicyRules } from '../../src/statement/index.ts';
import type { Entry } from '../../src/tally/index.ts';
import { type Judgement, placeSeed, sha256, shuffle } from './naive-lives.ts';
import type { NaivePolls, Of, Poll } from './naive-polls.ts';

export interface NaiveCanary {
  readonly poll: Poll;
  readonly recipe: string;
  readonly variant: number;
  readonly members: readonly string[];
  readonly state: string;
  /** The founder's vote by which it was settled. */
  readonly settled: Of<'vote'> | undefined;
  /** The verdicts that count: one, or two when founders had to settle it. */
  readonly verdicts: readonly number[];
}

export class NaiveCanaries {
  readonly #polls: NaivePolls;
  readonly #rules: PolicyRules;

  constructor(polls: NaivePolls, rules: PolicyRules) {
    this.#polls = polls;
    this.#rules = rules;
  }

  /** The canaries of a release that is closed, in order. */
  of(release: Of<'release'>, closed: Poll): NaiveCanary[] {
    const { log } = this.#polls;
    const { canaryVariants, package: packageUrl } = release.statement.predicate;
    const close = log.entries[closed.closeIndex];
    if (close === undefined || canaryVariants === 0) return [];
    const { group: size, perRelease } = this.#rules.canary;
    const place = placeSeed('bitquorum/canary/v1\0', log.origin, close.index, close.timeMs);
    const seed = sha256(place, Buffer.from(closed.digest, 'hex'));
    const order = shuffle(this.#pool(release, closed), seed);
    const full = Math.min(perRelease, Math.floor(order.length / size));
    const logged: NaiveCanary[] = [];
    for (const entry of log.of('canary')) {
      const { predicate, subject } = entry.statement;
      const group = logged.length;
      if (!log.byLog(entry) || entry.index < close.index || group >= full) continue;
      if (predicate.release !== closed.digest || subject.name !== packageUrl || predicate.group !== group)
        continue;
      const number = Buffer.alloc(4);
      number.writeUInt32BE(0x8000_0000 + group);
      const variant = sha256(seed, number).readUIntBE(0, 6) % canaryVariants;
      const members = order.slice(group * size, (group + 1) * size).sort();
      const { recipe } = release.statement.predicate;
      logged.push({ recipe: recipe.sha256, ...this.#life(entry, packageUrl, members, variant) });
    }
    return logged;
  }

  #pool({ statement }: Of<'release'>, closed: Poll): string[] {
    const { lives } = this.#polls;
    return this.#polls
      .participants(closed)
      .filter((key) => this.#polls.commits(closed, key).length === 1)
      .filter((key) => !lives.isRevoked(key, closed.closeIndex))
      .filter((key) => lives.serves(key, statement.predicate.platform, closed.closeIndex))
      .sort();
  }

  #life(
    entry: Of<'canary'>,
    packageUrl: string,
    members: string[],
    variant: number,
  ): Omit<NaiveCanary, 'recipe'> {
    const { log } = this.#polls;
    const { commitSeconds, voteSeconds } = this.#rules.canary;
    const said = entry.statement.predicate.timeMs;
    const from = said <= entry.timeMs && said >= entry.timeMs - 60_000 ? said : entry.timeMs;
    const commitEndsMs = from + commitSeconds * 1000;
    const about = (kind: 'close' | 'verdict', after: number, fromMs: number) =>
      log
        .about(entry.payloadDigest, packageUrl, kind)
        .find((each) => log.byLog(each) && each.index > after && each.timeMs >= fromMs);
    const close = about('close', entry.index, commitEndsMs);
    const voteEndsMs = close === undefined ? Infinity : close.timeMs + voteSeconds * 1000;
    const first = close && about('verdict', close.index, voteEndsMs);
    const poll: Poll = {
      digest: entry.payloadDigest,
      packageUrl,
      openIndex: entry.index,
      commitEndsMs,
      closeIndex: close?.index ?? Infinity,
      voteEndsMs,
      endIndex: first?.index ?? Infinity,
      members,
    };
    const base = { poll, members, variant };
    if (first === undefined) {
      const state = close === undefined ? 'committing' : 'voting';
      return { ...base, state, settled: undefined, verdicts: [] };
    }
    const opened = this.#opened(poll, members);
    const distinct = new Set(opened.map(({ said: what }) => what)).size;
    if (distinct < 2) {
      const state = opened.length < 2 ? 'failed' : 'final';
      return { ...base, state, settled: undefined, verdicts: [first.index] };
    }
    const settled = this.#settled(poll, members, first);
    const second = settled && about('verdict', settled.index, 0);
    if (second === undefined) return { ...base, state: 'contested', settled, verdicts: [first.index] };
    const agrees = opened.some(({ said: what }) => what === settled?.statement.predicate.infoHashV2);
    return { ...base, state: agrees ? 'final' : 'failed', settled, verdicts: [first.index, second.index] };
  }

  /** Of the votes of founders outside, one a founder and a cluster, the first that so many others said before it. */
  #settled(
    { digest, packageUrl }: Poll,
    members: readonly string[],
    contested: Entry,
  ): Of<'vote'> | undefined {
    const { log, lives } = this.#polls;
    const { settlers, settleDays } = this.#rules.canary;
    const endMs = contested.timeMs + settleDays * 86_400_000;
    const said = new Map<string, string>();
    for (const vote of log.about(digest, packageUrl, 'vote')) {
      const key = lives.speaker(vote);
      const { infoHashV2 } = vote.statement.predicate;
      if (vote.index < contested.index || vote.timeMs >= endMs) continue;
      if (key === undefined || members.includes(key) || said.has(key)) continue;
      const speaks = this.#rules.founders.includes(key) && lives.pool(vote.index, 'any').includes(key);
      if (!speaks) continue;
      said.set(key, infoHashV2);
      if ([...said.values()].filter((other) => other === infoHashV2).length >= settlers) return vote;
    }
    return undefined;
  }

  #opened(poll: Poll, members: readonly string[]): { key: string; said: string }[] {
    return members.flatMap((key) => {
      const vote = this.#polls.opened(poll, key);
      return vote === undefined ? [] : [{ key, said: vote.statement.predicate.infoHashV2 }];
    });
  }

  /** What a verdict of a canary means for its members; `all` are the canaries there are by then. */
  judged(canary: NaiveCanary, index: number, all: readonly NaiveCanary[]): Judgement | undefined {
    const { poll, members, state, verdicts, settled } = canary;
    if (!verdicts.includes(index)) return undefined;
    const isFirst = verdicts[0] === index;
    const equivocated = members.filter((key) => this.#polls.equivocated(poll, key));
    if (state !== 'final')
      return { unopened: [], matched: [], canaries: [], diverged: isFirst ? equivocated : [] };
    const opened = this.#opened(poll, members);
    const truth = settled?.statement.predicate.infoHashV2 ?? opened[0]?.said ?? '';
    const wrong = members.filter((key) => opened.some((each) => each.key === key && each.said !== truth));
    return {
      unopened: this.#polls.unopened(poll, members, truth),
      matched: [],
      canaries: this.#wasPublic(canary, truth, all)
        ? []
        : opened.filter(({ said }) => said === truth).map(({ key }) => key),
      diverged: isFirst ? [...wrong, ...equivocated] : wrong,
    };
  }

  /** Whether a vote in an earlier canary of the same variant said it before this one was closed. */
  #wasPublic({ poll, recipe, variant }: NaiveCanary, truth: string, all: readonly NaiveCanary[]): boolean {
    const { log, lives } = this.#polls;
    return all
      .filter((other) => other.recipe === recipe && other.variant === variant)
      .filter((other) => other.poll.openIndex < poll.openIndex)
      .some((other) => {
        const votes = other.members.flatMap((key) => this.#polls.votes(other.poll, key)[0] ?? []);
        const contested = log.entries[other.verdicts[0] ?? Infinity];
        const rebuilds = log.about(other.poll.digest, other.poll.packageUrl, 'vote').filter((vote) => {
          const key = lives.speaker(vote);
          const end = contested && contested.timeMs + this.#rules.canary.settleDays * 86_400_000;
          if (contested === undefined || vote.index < contested.index || vote.timeMs >= (end ?? 0))
            return false;
          if (key === undefined || other.members.includes(key)) return false;
          return this.#rules.founders.includes(key) && lives.pool(vote.index, 'any').includes(key);
        });
        return [...votes, ...this.#said(other, rebuilds)].some(
          ({ index, statement }) => index < poll.closeIndex && statement.predicate.infoHashV2 === truth,
        );
      });
  }

  /** Of founders' votes those that are taken: the first of each, until it is settled, where members disagreed. */
  #said({ poll, members, settled }: NaiveCanary, votes: readonly Of<'vote'>[]): Of<'vote'>[] {
    const differ = new Set(this.#opened(poll, members).map(({ said }) => said)).size > 1;
    const speaker = (vote: Of<'vote'>) => this.#polls.lives.speaker(vote);
    return votes.filter(
      (vote, at) =>
        differ &&
        vote.index <= (settled?.index ?? Infinity) &&
        votes.findIndex((other) => speaker(other) === speaker(vote)) === at,
    );
  }
}
