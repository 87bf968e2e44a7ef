// What builders logged about one release or canary, again: each question goes through all entries.
import { commitmentOf, type StatementOf, sha256 } from '../../src/statement/index.ts';
import type { Entry } from '../../src/tally/index.ts';
import type { NaiveCharge, NaiveLives } from './naive-lives.ts';

export type Of<K extends Entry['statement']['kind']> = Entry & { readonly statement: StatementOf<K> };

/** A release or a canary, and when it was open for what; Infinity for what has not come. */
export interface Poll {
  readonly digest: string;
  readonly packageUrl: string;
  readonly openIndex: number;
  readonly commitEndsMs: number;
  readonly closeIndex: number;
  readonly voteEndsMs: number;
  readonly endIndex: number;
  /** Who may take part; everybody when undefined. */
  readonly members: readonly string[] | undefined;
}

type About = 'open' | 'commit' | 'failure' | 'close' | 'vote' | 'audit' | 'verdict';

/** Entries of a log that were made for it, in time. */
export class NaiveLog {
  readonly entries: readonly Entry[];
  readonly origin: string;
  readonly logKey: string;

  constructor(entries: readonly Entry[], origin: string, logKey: string) {
    this.entries = entries;
    this.origin = origin;
    this.logKey = logKey;
  }

  of<K extends Entry['statement']['kind']>(kind: K): Of<K>[] {
    return once(this.#known, kind, () =>
      this.entries.filter((entry): entry is Of<K> => entry.statement.kind === kind && this.isBound(entry)),
    );
  }

  readonly #known = new Map<string, unknown>();

  readonly isBound = ({ statement, timeMs, signers }: Entry): boolean => {
    const { origin, timeMs: said } = statement.predicate;
    return (
      origin === this.origin && said <= timeMs + 600_000 && said >= timeMs - 86_400_000 && signers.length > 0
    );
  };

  byLog(entry: Entry): boolean {
    return entry.signers.includes(this.logKey);
  }

  /** Entries of a kind about a release or canary. */
  about<K extends About>(digest: string, packageUrl: string, kind: K): Of<K>[] {
    return once(this.#known, `${kind} ${digest} ${packageUrl}`, () =>
      this.of(kind).filter(
        (entry) =>
          (entry.statement.predicate as { release: string }).release === digest &&
          entry.statement.subject.name === packageUrl,
      ),
    );
  }
}

/** An answer that is looked for once. */
export function once<Answer>(known: Map<string, unknown>, question: string, answer: () => Answer): Answer {
  if (!known.has(question)) known.set(question, answer());
  return known.get(question) as Answer;
}

/** What tells a poll from others, and from itself at other times. */
function nameOf(poll: Poll): string {
  const { digest, packageUrl, openIndex, commitEndsMs, closeIndex, voteEndsMs, endIndex, members } = poll;
  return `${digest} ${packageUrl} ${openIndex} ${commitEndsMs} ${closeIndex} ${voteEndsMs} ${endIndex} ${members?.join()}`;
}

/** Ballots on polls. */
export class NaivePolls {
  readonly log: NaiveLog;
  readonly lives: NaiveLives;

  constructor(log: NaiveLog, lives: NaiveLives) {
    this.log = log;
    this.lives = lives;
  }

  readonly #known = new Map<string, unknown>();

  #by<Each extends Entry>(poll: Poll, entries: readonly Each[], key: string): Each[] {
    if (poll.members?.includes(key) === false) return [];
    return entries.filter((entry) => this.lives.speaker(entry) === key);
  }

  /** Different commitments of a builder in time. */
  commits(poll: Poll, key: string): Of<'commit'>[] {
    return once(this.#known, `commits ${key} ${nameOf(poll)}`, () => this.#commits(poll, key));
  }

  #commits(poll: Poll, key: string): Of<'commit'>[] {
    const inTime = this.#by(poll, this.log.about(poll.digest, poll.packageUrl, 'commit'), key).filter(
      ({ index, timeMs }) => index > poll.openIndex && index < poll.closeIndex && timeMs < poll.commitEndsMs,
    );
    const said = inTime.map(({ statement }) => statement.predicate.commitment);
    return inTime.filter((_, at) => said.indexOf(said[at] ?? '') === at);
  }

  /** Votes that are taken: the first opens the commitment (or is a mirror's), later ones contradict it. */
  votes(poll: Poll, key: string): Of<'vote'>[] {
    return once(this.#known, `votes ${key} ${nameOf(poll)}`, () => this.#votes(poll, key));
  }

  #votes(poll: Poll, key: string): Of<'vote'>[] {
    const commits = this.commits(poll, key);
    const inTime = this.#by(poll, this.log.about(poll.digest, poll.packageUrl, 'vote'), key).filter(
      ({ index, timeMs }) => index > poll.closeIndex && index < poll.endIndex && timeMs < poll.voteEndsMs,
    );
    const taken: Of<'vote'>[] = [];
    for (const vote of inTime) {
      const { salt, infoHashV2 } = vote.statement.predicate;
      const parts = { origin: this.log.origin, release: poll.digest, key, salt, infoHashV2 };
      const opens =
        commits.length === 0 ||
        (commits.length === 1 && commitmentOf(parts, sha256) === commits[0]?.statement.predicate.commitment);
      if (taken.length === 0 ? opens : taken[0]?.statement.predicate.infoHashV2 !== infoHashV2)
        taken.push(vote);
    }
    return taken;
  }

  equivocated(poll: Poll, key: string): boolean {
    return this.commits(poll, key).length > 1 || this.votes(poll, key).length > 1;
  }

  isUnopened(poll: Poll, key: string): boolean {
    return this.commits(poll, key).length === 1 && this.votes(poll, key).length === 0;
  }

  /** The commitments of some builders that were not opened in time. */
  unopened(poll: Poll, keys: readonly string[], truth: string): NaiveCharge[] {
    const { digest, packageUrl } = poll;
    return keys
      .filter((key) => this.isUnopened(poll, key))
      .map((key) => {
        const commitment = this.commits(poll, key)[0]?.statement.predicate.commitment ?? '';
        return { key, digest, packageUrl, commitment, truth };
      });
  }

  /** The vote that opened a commitment, said once. */
  opened(poll: Poll, key: string): Of<'vote'> | undefined {
    const [vote] = this.votes(poll, key);
    return this.commits(poll, key).length === 1 && !this.equivocated(poll, key) ? vote : undefined;
  }

  /** Whether an audit says of somebody's vote that it seeds. */
  isAuditedBy(poll: Poll, key: string, audit: Of<'audit'>): boolean {
    const [vote] = this.votes(poll, key);
    const { infoHashV2, passed } = audit.statement.predicate;
    return (
      vote !== undefined &&
      this.log.byLog(audit) &&
      audit.index > vote.index &&
      vote.statement.predicate.infoHashV2 === infoHashV2 &&
      passed.includes(key)
    );
  }

  counted(poll: Poll, key: string): Of<'vote'> | undefined {
    const audited = this.log
      .about(poll.digest, poll.packageUrl, 'audit')
      .some(
        (audit) =>
          this.isAuditedBy(poll, key, audit) &&
          audit.index < poll.endIndex &&
          audit.timeMs < poll.voteEndsMs &&
          !audit.statement.predicate.fresh.includes(key),
      );
    return audited ? this.opened(poll, key) : undefined;
  }

  /** Everybody who committed or voted. */
  participants(poll: Poll): string[] {
    const { digest, packageUrl } = poll;
    const said = [
      ...this.log.about(digest, packageUrl, 'commit'),
      ...this.log.about(digest, packageUrl, 'vote'),
    ];
    const keys = new Set(said.flatMap((entry) => this.lives.speaker(entry) ?? []));
    return [...keys].filter((key) => this.commits(poll, key).length > 0 || this.votes(poll, key).length > 0);
  }
}
