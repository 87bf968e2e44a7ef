import { createHash } from 'node:crypto';
import { fromHex } from '../../src/bytes/index.ts';
import { formatVkey } from '../../src/note/index.ts';
import {
  announceDigestOf,
  commitmentOf,
  encodeStatement,
  makeStatement,
  type PolicyRules,
  type Predicate,
  policyRules,
  type Statement,
  sha256,
  verifyEd25519,
} from '../../src/statement/index.ts';
import {
  type CosignedHead,
  countEntry,
  type Entry,
  emptyTally,
  entriesDue,
  type ReleaseView,
  releaseView,
  type Tally,
  witnessedOf,
} from '../../src/tally/index.ts';

export const ORIGIN = 'tally.example/log';
export const LOG = hexOf('log');
export const PUBLISHER = hexOf('publisher');
export const PACKAGE = 'pkg:npm/%40noble/hashes@2.0.1';
export const START_MS = 1_790_000_000_000;
export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
/** The windows of every release made here, in seconds. */
export const COMMIT_SECONDS = 3600;
export const VOTE_SECONDS = 7200;

/** 64 hex digits that stand for something by name: a key, a digest, an infohash. */
export function hexOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** Key of the builder with a number. */
export function builderKey(number: number): string {
  return hexOf(`builder ${number}`);
}

/** A builder's keys: the first names it, the next one is that of round 1, and so on. */
export function keyOf(number: number, round: number): string {
  return round === 0 ? builderKey(number) : hexOf(`builder ${number} key ${round}`);
}

/** What a builder commits to before it rotates to a key: SHA-256 of its bytes. */
export function digestOfKey(key: string): string {
  return createHash('sha256').update(fromHex(key)).digest('hex');
}

export function rulesWith(change: Partial<PolicyRules> = {}, founders = 5): PolicyRules {
  const rules = policyRules.parse({
    name: 'test',
    demo: true,
    founders: Array.from({ length: founders }, (_, number) => builderKey(number)),
    foundersQuorum: Math.min(2, founders),
    publishers: [{ prefix: 'pkg:npm/%40noble/', keys: [PUBLISHER] }],
    panelSeats: 15,
    minimumVotes: 3,
    panelMargin: [2, 3],
    foundersMargin: [2, 3],
    windows: { commitFloorSeconds: 60, voteFloorSeconds: 60, endEarly: false },
    heartbeatSeconds: 600,
  });
  return { ...rules, ...change };
}

export interface Registration {
  readonly operator?: string;
  readonly platforms?: string[];
  readonly prefixes?: string[];
  readonly announceDigest?: string;
  readonly nextKey?: string;
}

/** A log without signatures and storage: entries are handed to the count as if both had been checked. */
export class World {
  readonly entries: Entry[] = [];
  readonly tally: Tally = emptyTally({ origin: ORIGIN, logKey: LOG, sha256 });
  nowMs = START_MS;
  /** The newest checkpoint that witnesses cosigned. */
  head: CosignedHead | undefined;

  /** A world whose entry 0 is the policy, with so many of its founders registered. */
  static founded(rules: PolicyRules = rulesWith(), registered = rules.founders.length): World {
    const world = new World();
    world.policy(rules);
    for (let number = 0; number < registered; number += 1) world.register(number);
    return world;
  }

  append(statement: Statement, signers: readonly string[], payloadDigest?: string): Entry {
    const entry = {
      index: this.entries.length,
      timeMs: this.nowMs,
      statement,
      payloadDigest: payloadDigest ?? createHash('sha256').update(encodeStatement(statement)).digest('hex'),
      signers,
      ...witnessedOf(this.tally, statement, verifyEd25519),
    };
    this.entries.push(entry);
    countEntry(this.tally, entry);
    return entry;
  }

  bound(): { origin: string; timeMs: number } {
    return { origin: ORIGIN, timeMs: this.nowMs };
  }

  policy(rules: PolicyRules, signers: readonly string[] = rules.founders, effectiveMs = this.nowMs): Entry {
    const subject = { name: 'policy', sha256: hexOf(JSON.stringify(rules)) };
    return this.append(makeStatement('policy', subject, { ...this.bound(), rules, effectiveMs }), signers);
  }

  registration(number: number, given: Registration = {}): Statement {
    const key = builderKey(number);
    const operator = given.operator ?? `operator ${number}`;
    return makeStatement(
      'builder',
      { name: operator, sha256: key },
      {
        ...this.bound(),
        vkey: formatVkey(`builder${number}`, fromHex(this.signer(number))),
        nextKey:
          given.nextKey ?? this.tally.builders.get(key)?.predicate.nextKey ?? digestOfKey(keyOf(number, 1)),
        operator,
        platforms: given.platforms ?? ['linux/amd64'],
        prefixes: given.prefixes ?? [`127.0.${number}.0/24`],
        announceDigest: given.announceDigest ?? announceDigestOf(`token ${number}`),
      },
    );
  }

  register(number: number, given: Registration = {}): Entry {
    return this.append(this.registration(number, given), [this.signer(number)]);
  }

  /** The key that signs for a builder now. */
  signer(number: number): string {
    const key = builderKey(number);
    return this.tally.builders.get(key)?.life.currentKey ?? key;
  }

  rotateStatement(number: number, round: number): Statement {
    const builder = builderKey(number);
    const predicate = {
      ...this.bound(),
      builder,
      vkey: formatVkey(`builder${number}`, fromHex(keyOf(number, round))),
      nextKey: digestOfKey(keyOf(number, round + 1)),
      announceDigest: announceDigestOf(`token ${number} ${round}`),
    };
    return makeStatement('rotate', { name: 'rotate', sha256: builder }, predicate);
  }

  /** Rotates a builder to its key of a round. */
  rotate(number: number, round = 1): Entry {
    return this.append(this.rotateStatement(number, round), [keyOf(number, round)]);
  }

  revoke(number: number, signer = this.signer(number)): Entry {
    const builder = builderKey(number);
    const predicate = { ...this.bound(), builder, reason: 'the key was stolen' };
    return this.append(makeStatement('revoke', { name: 'revoke', sha256: builder }, predicate), [signer]);
  }

  releaseStatement(change: Partial<Predicate<'release'>> = {}): Statement {
    const predicate: Predicate<'release'> = {
      ...this.bound(),
      package: PACKAGE,
      sources: [],
      recipe: { sha256: hexOf('recipe'), sizeBytes: 100 },
      platform: 'any',
      profile: 'hybrid',
      commitSeconds: COMMIT_SECONDS,
      voteSeconds: VOTE_SECONDS,
      urgent: false,
      canaryVariants: 0,
      ...change,
    };
    return makeStatement('release', { name: predicate.package, sha256: predicate.recipe.sha256 }, predicate);
  }

  /** Logs a release; its digest. */
  release(change: Partial<Predicate<'release'>> = {}, publisher = PUBLISHER): string {
    return this.append(this.releaseStatement(change), [publisher]).payloadDigest;
  }

  /** Logs an urgent release, signed by so many of the founders beside its publisher; its digest. */
  urgent(founders: readonly number[] = [0, 1], change: Partial<Predicate<'release'>> = {}): string {
    const signers = [PUBLISHER, ...founders.map(builderKey)];
    return this.append(this.releaseStatement({ urgent: true, ...change }), signers).payloadDigest;
  }

  supersedeStatement(release: string, by: string): Statement {
    const predicate = { ...this.bound(), release, by, reason: 'a wrong recipe' };
    return makeStatement('supersede', this.subject(release), predicate);
  }

  supersede(release: string, by: string, signers: readonly string[] = [PUBLISHER]): Entry {
    return this.append(this.supersedeStatement(release, by), signers);
  }

  takedownStatement(release: string): Statement {
    return makeStatement('takedown', this.subject(release), { ...this.bound(), release, reason: 'unlawful' });
  }

  takedown(release: string, signers: readonly string[] = [PUBLISHER]): Entry {
    return this.append(this.takedownStatement(release), signers);
  }

  revoteStatement(release: string): Statement {
    return makeStatement('revote', this.subject(release), { ...this.bound(), release, reason: 'look again' });
  }

  revote(release: string, founders: readonly number[] = [0, 1]): Entry {
    return this.append(this.revoteStatement(release), founders.map(builderKey));
  }

  /** Lets time pass and the log append what it owes. */
  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
    for (
      let due = entriesDue(this.tally, this.nowMs, this.head);
      due.length > 0;
      due = entriesDue(this.tally, this.nowMs, this.head)
    ) {
      for (const statement of due) this.append(statement, [LOG]);
    }
  }

  /** A release that is open for commitments. */
  opened(change: Partial<Predicate<'release'>> = {}): string {
    const digest = this.release(change);
    this.pass(SECOND);
    return digest;
  }

  commitStatement(
    number: number,
    release: string,
    infoHashV2: string,
    salt = hexOf(`salt ${number}`),
  ): Statement {
    const parts = { origin: ORIGIN, release, key: builderKey(number), salt, infoHashV2 };
    const predicate = { ...this.bound(), release, commitment: commitmentOf(parts, sha256) };
    return makeStatement('commit', this.subject(release), predicate);
  }

  commit(number: number, release: string, infoHashV2: string, salt?: string): Entry {
    return this.append(this.commitStatement(number, release, infoHashV2, salt), [this.signer(number)]);
  }

  voteStatement(release: string, infoHashV2: string, salt: string): Statement {
    const predicate = {
      ...this.bound(),
      release,
      salt,
      infoHashV2,
      output: { name: 'noble-hashes-2.0.1.tgz', sizeBytes: 1000, sha256: hexOf(`file ${infoHashV2}`) },
    };
    return makeStatement('vote', this.subject(release), predicate);
  }

  vote(number: number, release: string, infoHashV2: string, salt = hexOf(`salt ${number}`)): Entry {
    return this.append(this.voteStatement(release, infoHashV2, salt), [this.signer(number)]);
  }

  fail(number: number, release: string): Entry {
    const predicate = { ...this.bound(), release, reason: 'tsc ended with 2' };
    return this.append(makeStatement('failure', this.subject(release), predicate), [this.signer(number)]);
  }

  audit(release: string, infoHashV2: string, ...numbers: number[]): Entry {
    return this.auditFresh(release, infoHashV2, numbers, []);
  }

  /** An audit in which some served from an address that is too new. */
  auditFresh(
    release: string,
    infoHashV2: string,
    numbers: readonly number[],
    freshOnes: readonly number[],
  ): Entry {
    const passed = numbers.map(builderKey).sort();
    const fresh = freshOnes.map(builderKey).sort();
    const epoch = Math.floor(this.nowMs / (24 * HOUR));
    const predicate = { ...this.bound(), release, infoHashV2, epoch, passed, fresh };
    return this.append(makeStatement('audit', this.subject(release), predicate), [LOG]);
  }

  /** Commits, closes, votes and audits for many builders at once, up to just before the verdict. */
  run(release: string, votes: ReadonlyMap<number, string>): void {
    for (const [number, infoHashV2] of votes) this.commit(number, release, infoHashV2);
    this.pass(COMMIT_SECONDS * SECOND);
    for (const [number, infoHashV2] of votes) {
      this.vote(number, release, infoHashV2);
      this.audit(release, infoHashV2, number);
    }
  }

  /** Lets the vote window end; the view with the verdict. */
  verdict(release: string): ReleaseView {
    this.pass(VOTE_SECONDS * SECOND);
    return this.view(release);
  }

  view(release: string): ReleaseView {
    const view = releaseView(this.tally, release);
    if (view === undefined) throw new Error(`no release ${release}`);
    return view;
  }

  /** Status and reason of one builder on a release. */
  standing(release: string, number: number): string {
    const builder = this.view(release).builders.find(({ key }) => key === builderKey(number));
    return builder?.reason ?? 'not listed';
  }

  private subject(release: string): { name: string; sha256: string } {
    const found = this.tally.releases.get(release) ?? this.tally.canaries.get(release)?.release;
    return { name: found?.predicate.package ?? PACKAGE, sha256: release };
  }
}

/** The same vote by several builders. */
export function all(infoHashV2: string, ...numbers: number[]): Map<number, string> {
  return new Map(numbers.map((number) => [number, infoHashV2]));
}
