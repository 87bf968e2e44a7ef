// A history as a network makes it, as long as one asks for: registrations, releases with panels and outsiders,
// canaries, audits of every day, and what the log owes. Entries are made one at a time, each by the count of those
// before.
import { createHash } from 'node:crypto';
import { fromHex } from '../src/bytes/index.ts';
import { formatVkey } from '../src/note/index.ts';
import {
  commitmentOf,
  type Kind,
  type PolicyRules,
  type Predicate,
  policyRules,
  type Statement,
  sha256,
} from '../src/statement/index.ts';
import { countEntry, type Entry, emptyTally, entriesDue, type Tally } from '../src/tally/index.ts';

/** Whose log it is. */
export const ORIGIN = 'bench.example/log';
export const LOG_KEY = hexOf('log');
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface HistoryOptions {
  readonly entries: number;
  readonly builders: number;
  /** Releases a day. */
  readonly releases: number;
  /** Builders that are not on the panel and take part in each release. */
  readonly outsiders: number;
  readonly seed: string;
  /** Rules beside those of the history. */
  readonly rules?: Partial<PolicyRules>;
}

/** Makes a history, and hands over each entry. */
export function makeHistory(options: HistoryOptions, take: (entry: Entry) => void): void {
  new History(options, take).run();
}

class History {
  readonly #options: HistoryOptions;
  readonly #take: (entry: Entry) => void;
  readonly #publisher = hexOf('publisher');
  readonly #tally: Tally = emptyTally({ origin: ORIGIN, logKey: LOG_KEY, sha256 });
  readonly #builders: string[] = [];
  readonly #recent: { digest: string; name: string; infoHashV2: string; keys: string[] }[] = [];
  #nowMs = 1_790_000_000_000;
  #random: number;
  #releases = 0;

  constructor(options: HistoryOptions, take: (entry: Entry) => void) {
    this.#options = options;
    this.#take = take;
    this.#random = createHash('sha256').update(options.seed).digest().readUInt32BE(0);
  }

  run(): void {
    const rules = { ...rulesOf(), ...this.#options.rules };
    this.#add('policy', 'policy', hexOf('policy'), { rules, effectiveMs: this.#nowMs }, rules.founders);
    for (const key of rules.founders) this.#register(key);
    const { entries, builders, releases } = this.#options;
    const perDay = Math.max(1, Math.ceil((builders * releases * 60) / entries));
    while (this.#tally.size < entries) this.#day(perDay);
  }

  #day(registrations: number): void {
    for (let each = 0; each < registrations && this.#builders.length < this.#options.builders; each += 1) {
      this.#register(hexOf(`builder ${this.#builders.length}`));
    }
    const open = Array.from({ length: this.#options.releases }, () => this.#release());
    this.#owed();
    for (const each of open) this.#commits(each);
    this.#nowMs += HOUR_MS;
    this.#owed();
    for (const each of open) this.#votes(each);
    this.#nowMs += 2 * HOUR_MS;
    this.#owed();
    for (const each of this.#recent) this.#audit(each.digest, each.name, each.infoHashV2, each.keys);
    this.#nowMs += DAY_MS - 3 * HOUR_MS;
  }

  #register(key: string): void {
    const number = this.#builders.length;
    this.#builders.push(key);
    const operator = `operator ${number % 7 === 0 ? number % 1000 : number}`;
    this.#add(
      'builder',
      operator,
      key,
      {
        vkey: formatVkey(`b${number}`, fromHex(key)),
        nextKey: hexOf(`next ${key}`),
        operator,
        platforms: number % 3 === 0 ? ['linux/amd64', 'linux/arm64'] : ['linux/amd64'],
        prefixes: [`10.${(number >> 8) & 255}.${number & 255}.0/24`],
        announceDigest: hexOf(`announce ${key}`),
      },
      [key],
    );
  }

  #release(): { digest: string; name: string; keys: string[] } {
    const number = (this.#releases += 1);
    const name = `pkg:npm/%40bench/p${number % 500}@1.0.${number}`;
    const recipe = hexOf(`recipe ${number}`);
    const digest = this.#add(
      'release',
      name,
      recipe,
      {
        package: name,
        sources: [],
        recipe: { sha256: recipe, sizeBytes: 100 },
        platform: 'linux/amd64',
        profile: 'hybrid',
        commitSeconds: 3600,
        voteSeconds: 3600,
        urgent: false,
        canaryVariants: 10,
      },
      [this.#publisher],
    );
    return { digest, name, keys: [] };
  }

  #commits(release: { digest: string; name: string; keys: string[] }): void {
    const panel = this.#tally.releases.get(release.digest)?.draw.panel ?? [];
    const keys = new Set(panel);
    for (let each = 0; each < this.#options.outsiders; each += 1) {
      keys.add(this.#builders[this.#next(this.#builders.length)] ?? '');
    }
    release.keys = [...keys];
    for (const key of keys)
      this.#commit(release.digest, release.name, key, this.#outputOf(release.digest, key));
    for (const [digest, canary] of this.#tally.canaries) {
      if (canary.phase !== 'committing' || canary.committed > 0) continue;
      for (const key of canary.members) {
        this.#commit(digest, canary.release.predicate.package, key, hexOf(digest));
      }
    }
  }

  #votes(release: { digest: string; name: string; keys: string[] }): void {
    const infoHashV2 = hexOf(release.digest);
    for (const key of release.keys)
      this.#vote(release.digest, release.name, key, this.#outputOf(release.digest, key));
    const honest = release.keys.filter((key) => this.#outputOf(release.digest, key) === infoHashV2);
    this.#audit(release.digest, release.name, infoHashV2, honest);
    this.#recent.push({ ...release, infoHashV2, keys: honest });
    if (this.#recent.length > 20) this.#recent.shift();
    for (const digest of this.#tally.openCanaries) {
      const canary = this.#tally.canaries.get(digest);
      if (canary?.phase !== 'voting') continue;
      for (const key of canary.members) {
        if (canary.ballots.get(key)?.vote === undefined) {
          this.#vote(digest, canary.release.predicate.package, key, hexOf(digest));
        }
      }
    }
  }

  /** One builder in two hundred builds something else. */
  #outputOf(release: string, key: string): string {
    return Number.parseInt(hexOf(release + key).slice(0, 4), 16) % 200 === 0 ? hexOf(key) : hexOf(release);
  }

  #commit(release: string, name: string, key: string, infoHashV2: string): void {
    const parts = { origin: ORIGIN, release, key, salt: hexOf(key), infoHashV2 };
    this.#add('commit', name, release, { release, commitment: commitmentOf(parts, sha256) }, [key]);
  }

  #vote(release: string, name: string, key: string, infoHashV2: string): void {
    const output = { name: 'p.tgz', sizeBytes: 1000 };
    this.#add('vote', name, release, { release, salt: hexOf(key), infoHashV2, output }, [key]);
  }

  #audit(release: string, name: string, infoHashV2: string, keys: readonly string[]): void {
    const epoch = Math.floor(this.#nowMs / DAY_MS);
    for (let at = 0; at < keys.length; at += 20) {
      const passed = keys.slice(at, at + 20).sort();
      this.#add(
        'audit',
        name,
        release,
        { release, infoHashV2, epoch, passed, failed: [], outside: [], fresh: [] },
        [LOG_KEY],
      );
    }
  }

  #owed(): void {
    for (;;) {
      const due = entriesDue(this.#tally, this.#nowMs);
      if (due.length === 0) return;
      for (const statement of due) {
        this.#count(statement, hexOf(`${this.#tally.size}`), [LOG_KEY]);
      }
    }
  }

  #add<K extends Kind>(
    kind: K,
    name: string,
    digest: string,
    predicate: Omit<Predicate<K>, 'origin' | 'timeMs'>,
    signers: readonly string[],
  ): string {
    const payloadDigest = hexOf(`payload ${this.#tally.size}`);
    const statement = {
      kind,
      subject: { name, sha256: digest },
      predicate: { origin: ORIGIN, timeMs: this.#nowMs, ...predicate },
    };
    this.#count(statement as Statement, payloadDigest, signers);
    return payloadDigest;
  }

  #count(statement: Statement, payloadDigest: string, signers: readonly string[]): void {
    const entry = { index: this.#tally.size, timeMs: this.#nowMs, statement, payloadDigest, signers };
    this.#take(entry);
    countEntry(this.#tally, entry);
  }

  /** A number below a bound (xorshift: the same history each time). */
  #next(bound: number): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % bound;
  }
}

function rulesOf(): PolicyRules {
  return policyRules.parse({
    name: 'bench',
    demo: true,
    founders: Array.from({ length: 5 }, (_, number) => hexOf(`founder ${number}`)),
    foundersQuorum: 3,
    publishers: [{ prefix: 'pkg:npm/%40bench/', keys: [hexOf('publisher')] }],
    panelSeats: 15,
    minimumVotes: 3,
    panelMargin: [2, 3],
    foundersMargin: [2, 3],
    windows: { commitFloorSeconds: 60, voteFloorSeconds: 60, endEarly: false },
    heartbeatSeconds: 86_400,
    tenure: { activeDays: 2, builds: 1, canaries: 0 },
    admission: { periodDays: 30, least: 1000, share: [1, 10] },
    canary: { commitSeconds: 60, voteSeconds: 60 },
  });
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
