import { fromHex } from '../bytes/index.ts';
import { formatVkey } from '../note/index.ts';
import { commitmentOf, sha256 } from '../statement/index.ts';
import type { Tally } from '../tally/index.ts';
import { type Actor, type Behaviour, goodOf, type Held, HONEST, type Running } from './actor.ts';
import { Ledger, ORIGIN } from './ledger.ts';
import { defaultRules, foundingRules, PUBLISHER } from './network-rules.ts';
import { hexOf, Random } from './random.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface NetworkOptions {
  readonly seed: string;
  readonly founders: number;
  readonly members: number;
  readonly ageDays: number;
  /** Another figure than the default policy's: days in which a commitment may be opened late. */
  readonly graceDays?: number | undefined;
}

/** A network of virtual builders, moved a day at a time through the real count. */
export class Network {
  readonly ledger = new Ledger();
  readonly actors = new Map<string, Actor>();
  /** Those who do anything; the others are only registered. */
  readonly active = new Set<Actor>();
  readonly seed: string;
  readonly random: Random;
  readonly founders: readonly string[];
  readonly running: Running[] = [];
  behaviour: Behaviour = HONEST;
  today = 0;
  /** Called after each group of votes. */
  onVotes: (release: Running) => void = () => undefined;
  /** Called when a release is closed, before its votes. */
  onClosed: (release: Running) => void = () => undefined;
  #releases = 0;
  /** Canaries that wait for somebody. */
  readonly #asked = new Set<string>();
  /** What was committed to and is not opened yet, by digest of the release or canary and key. */
  readonly #unopened = new Map<string, string>();

  /** An established network: its members were admitted in its first weeks, and so many days have passed since. */
  constructor(options: NetworkOptions) {
    this.seed = options.seed;
    this.random = new Random(options.seed);
    this.founders = Array.from({ length: options.founders }, (_, at) =>
      hexOf(`${options.seed} builder ${at}`),
    );
    const rules = defaultRules(this.founders, options.graceDays);
    this.#policy(foundingRules(rules), this.ledger.nowMs);
    for (let at = 0; at < options.founders + options.members; at += 1) this.join(this.seed, 'honest');
    this.#policy(rules, this.ledger.nowMs + 20 * DAY_MS);
    for (let day = 0; day < 25; day += 1) this.rest(this.day(day < 8 ? 1 : 0));
    for (let day = 25; day < options.ageDays; day += 1) this.ledger.pass(DAY_MS);
    this.today = 0;
    for (const actor of this.actors.values()) actor.servedDays = 0;
  }

  get tally(): Tally {
    return this.ledger.tally;
  }

  /** Registers one more builder. */
  join(seed: string, side: Actor['side'], isActive = true): Actor {
    const number = this.actors.size;
    const key = hexOf(`${seed} builder ${number}`);
    const operator = `operator ${number}`;
    const network = `${20 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}.0/24`;
    this.ledger.add(
      'builder',
      { name: operator, sha256: key },
      {
        vkey: formatVkey(`b${number}`, fromHex(key)),
        nextKey: hexOf(`next ${key}`),
        operator,
        platforms: ['linux/amd64'],
        prefixes: [network],
        announceDigest: hexOf(`announce ${key}`),
      },
      [key],
    );
    const actor: Actor = { key, side, servedDays: 0 };
    this.actors.set(key, actor);
    if (isActive) this.active.add(actor);
    return actor;
  }

  isEligible(key: string): boolean {
    return this.tally.builders.get(key)?.life.eligible === true;
  }

  /** One day: what was closed is voted on, audits, new releases with commitments until half-time and after it. */
  day(releases: number, urgent = false): Running[] {
    this.#votes();
    this.#canaries();
    this.#openLate();
    this.#audits();
    const fresh = Array.from({ length: releases }, () => this.#release(urgent));
    this.ledger.pass(0);
    return fresh;
  }

  /** The rest of a day, after {@link day}: commitments of those who want to, and time. */
  rest(fresh: readonly Running[]): void {
    for (const release of fresh) this.#commits(release);
    this.#canaries();
    if (fresh.some(({ urgent }) => urgent)) {
      this.ledger.pass(2 * HOUR_MS);
      this.#votes();
      this.ledger.pass(6 * HOUR_MS);
      this.ledger.pass(16 * HOUR_MS);
    } else this.ledger.pass(DAY_MS);
    this.today += 1;
  }

  /** Commitments after the close, by those who copy. */
  commitLate(release: Running, copiers: readonly Actor[], output: string): void {
    for (const { key } of copiers) this.#commit(release.name, release.digest, key, output);
  }

  #policy(rules: ReturnType<typeof defaultRules>, effectiveMs: number): void {
    const subject = { name: 'policy', sha256: hexOf(JSON.stringify(rules)) };
    this.ledger.add('policy', subject, { rules, effectiveMs }, rules.founders);
  }

  #release(urgent: boolean): Running {
    const number = (this.#releases += 1);
    const name = `pkg:npm/%40simulated/p${number % 50}@1.0.${number}`;
    const recipe = hexOf(`recipe ${number}`);
    const digest = this.ledger.add(
      'release',
      { name, sha256: recipe },
      {
        package: name,
        sources: [],
        recipe: { sha256: recipe, sizeBytes: 100 },
        platform: 'linux/amd64',
        profile: 'hybrid',
        commitSeconds: urgent ? 7200 : 86_400,
        voteSeconds: urgent ? 21_600 : 259_200,
        urgent,
        canaryVariants: 10,
      },
      urgent ? [PUBLISHER, ...this.founders.slice(0, 2)] : [PUBLISHER],
    );
    const running = {
      digest,
      name,
      urgent,
      outputs: new Map<string, string>(),
      opened: new Set<string>(),
      closed: false,
    };
    this.running.push(running);
    return running;
  }

  #commits(release: Running): void {
    for (const actor of this.active) {
      const output = this.behaviour.outputOf(actor, release);
      if (output === undefined) continue;
      release.outputs.set(actor.key, output);
      this.#commit(release.name, release.digest, actor.key, output);
    }
  }

  /** Who is on opens what it committed to, on any day of the vote window. */
  #votes(): void {
    for (const release of this.running) {
      if (this.tally.releases.get(release.digest)?.phase !== 'voting') continue;
      if (!release.closed) this.onClosed(release);
      release.closed = true;
      const byOutput = new Map<string, Actor[]>();
      for (const [key, output] of release.outputs) {
        const actor = this.actors.get(key);
        if (actor === undefined || release.opened.has(key) || !this.behaviour.isOn(actor)) continue;
        if (this.behaviour.withholds(actor, release)) continue;
        release.opened.add(key);
        actor.held = { name: release.name, digest: release.digest, output };
        const group = byOutput.get(output) ?? [];
        group.push(actor);
        byOutput.set(output, group);
      }
      // Attackers hurry: theirs are the first votes that anybody sees.
      const good = goodOf(release.digest);
      const groups = [...byOutput].sort(([left], [right]) => Number(left === good) - Number(right === good));
      for (const [output, actors] of groups) {
        const keys = actors.map(({ key }) => key);
        for (const key of keys) this.#vote(release.name, release.digest, key, output);
        this.ledger.audit(release.name, release.digest, output, keys);
        this.onVotes(release);
      }
    }
    while (this.running.length > 8) this.running.shift();
  }

  #canaries(): void {
    const { canaries, openCanaries } = this.tally;
    for (const digest of openCanaries) this.#asked.add(digest);
    for (const digest of this.#asked) {
      const canary = canaries.get(digest);
      if (canary === undefined || canary.phase === 'final' || canary.phase === 'failed') {
        this.#asked.delete(digest);
        continue;
      }
      const name = canary.release.predicate.package;
      if (canary.phase === 'contested' && canary.rebuilds.length === 0) this.#rebuild(name, digest);
      for (const key of canary.members) {
        const actor = this.actors.get(key);
        const ballot = canary.ballots.get(key);
        if (canary.phase === 'committing' && ballot?.commit === undefined) {
          const output = actor && this.behaviour.canaryOf(actor, goodOf(digest));
          if (output === undefined) continue;
          this.#commit(name, digest, key, output);
        }
        const committed = this.#unopened.get(digest + key);
        if (
          canary.phase === 'voting' &&
          ballot?.vote === undefined &&
          committed !== undefined &&
          actor &&
          this.behaviour.isOn(actor)
        ) {
          this.#vote(name, digest, key, committed);
        }
      }
    }
  }

  #rebuild(name: string, digest: string): void {
    const canary = this.tally.canaries.get(digest);
    if (canary === undefined) return;
    const settlers = this.founders.filter(
      (key) =>
        !canary.members.includes(key) && this.isEligible(key) && this.actors.get(key)?.side === 'honest',
    );
    for (const founder of settlers.slice(0, canary.release.rules.canary.settlers)) {
      this.#vote(name, digest, founder, goodOf(digest));
    }
  }

  /** Everybody who serves is audited on the release that it voted on last. */
  #audits(): void {
    const served = new Map<string, { held: Held; keys: string[] }>();
    for (const actor of this.active) {
      if (actor.held === undefined || !this.behaviour.isOn(actor)) continue;
      actor.servedDays += 1;
      const id = actor.held.digest + actor.held.output;
      const group = served.get(id) ?? { held: actor.held, keys: [] };
      group.keys.push(actor.key);
      served.set(id, group);
    }
    for (const { held, keys } of served.values())
      this.ledger.audit(held.name, held.digest, held.output, keys);
  }

  /** Who is on again opens what it did not open in time. */
  #openLate(): void {
    for (const [key, charges] of this.tally.charges) {
      const actor = this.actors.get(key);
      if (actor === undefined || !this.behaviour.isOn(actor)) continue;
      for (const charge of charges.values()) {
        const committed = this.#unopened.get(charge.release + key);
        const output = committed && this.behaviour.lateOf(actor, committed, charge.winner);
        if (output !== undefined) this.#vote(charge.package, charge.release, key, output);
      }
    }
  }

  #commit(name: string, release: string, key: string, infoHashV2: string): void {
    this.#unopened.set(release + key, infoHashV2);
    const commitment = commitmentOf({ origin: ORIGIN, release, key, salt: hexOf(key), infoHashV2 }, sha256);
    this.ledger.add('commit', { name, sha256: release }, { release, commitment }, [key]);
  }

  #vote(name: string, release: string, key: string, infoHashV2: string): void {
    this.#unopened.delete(release + key);
    const output = { name: 'p.tgz', sizeBytes: 1000, sha256: infoHashV2 };
    this.ledger.add('vote', { name, sha256: release }, { release, salt: hexOf(key), infoHashV2, output }, [
      key,
    ]);
  }
}
