// What becomes of builders, again: the log is gone through entry by entry, and after each of them everybody is looked
// at. It shares no code with src/tally. What was decided about releases and canaries is asked of the naive count.
import { createHash } from 'node:crypto';
import type { PolicyRules, Predicate, StatementOf } from '../../src/statement/index.ts';
import type { Entry } from '../../src/tally/index.ts';
import { once } from './naive-polls.ts';

const DAY_MS = 86_400_000;

/** A commitment that was not opened in time, and what it should have been opened to. */
export interface NaiveCharge {
  readonly key: string;
  readonly digest: string;
  readonly packageUrl: string;
  readonly commitment: string;
  readonly truth: string;
}

/** What an entry decided about builders. */
export interface Judgement {
  readonly unopened: readonly NaiveCharge[];
  readonly matched: readonly string[];
  readonly canaries: readonly string[];
  readonly diverged: readonly string[];
}

/** What lives depend on: each asked only about entries before those that were gone through. */
export interface Court {
  judged(index: number): Judgement | undefined;
  /** Who passed an audit for something it voted for. */
  audited(index: number): readonly string[];
}

interface Builder {
  readonly key: string;
  predicate: Predicate<'builder'>;
  currentKey: string;
  marks: Map<string, number>;
  rotatedMs: number;
  revoked: boolean;
  turns: number[];
  tenureFrom: number | undefined;
  builds: number;
  canaries: number;
  days: Set<number>;
  qualified: number | undefined;
  admitted: boolean;
  member: { index: number; timeMs: number } | undefined;
  suspendedUntilMs: number;
  eligible: boolean;
}

/** Who stood where when an entry was counted. */
interface Snapshot {
  readonly eligible: readonly string[];
  readonly elders: readonly string[];
  readonly pools: ReadonlyMap<string, readonly string[]>;
}

/** A Fisher–Yates shuffle by a seed; the whole order. */
export function shuffle(items: readonly string[], seed: Buffer): string[] {
  const left = [...items];
  for (let place = 0; place < left.length; place += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(place);
    const lot = sha256(seed, number).readUIntBE(0, 6);
    const chosen = place + (lot % (left.length - place));
    [left[place], left[chosen]] = [left[chosen] as string, left[place] as string];
  }
  return left;
}

export function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The seed of an entry's own place. */
export function placeSeed(label: string, origin: string, index: number, timeMs: number): Buffer {
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(index), 0);
  numbers.writeBigUInt64BE(BigInt(timeMs), 8);
  return sha256(label, sha256(origin), numbers);
}

export class NaiveLives {
  readonly #entries: readonly Entry[];
  readonly #origin: string;
  readonly #rules: PolicyRules;
  readonly #court: Court;
  readonly #builders = new Map<string, Builder>();
  readonly #keys: { readonly index: number; readonly key: string; readonly identity: string }[] = [];
  readonly #snapshots: Snapshot[] = [];
  readonly #isBound: (entry: Entry) => boolean;
  /** Commitments that may still be opened late. */
  #charges: (NaiveCharge & { readonly dueMs: number })[] = [];
  #waiting: { key: string; index: number }[] = [];
  #drawn: { key: string; qualified: number | undefined }[] = [];
  #periodEndsMs = 0;

  constructor(
    entries: readonly Entry[],
    origin: string,
    rules: PolicyRules,
    isBound: (entry: Entry) => boolean,
    court: Court,
  ) {
    this.#entries = entries;
    this.#origin = origin;
    this.#rules = rules;
    this.#isBound = isBound;
    this.#court = court;
  }

  /** Who could be drawn for a platform when an entry was counted, sorted. */
  pool(index: number, platform: string): readonly string[] {
    return this.#at(index).pools.get(platform) ?? [];
  }

  isElder(index: number, key: string): boolean {
    return this.#at(index).elders.includes(key);
  }

  isEligible(index: number, key: string): boolean {
    return this.#at(index).eligible.includes(key);
  }

  /** Everybody who is eligible when an entry was counted, sorted. */
  eligible(index: number): readonly string[] {
    return this.#at(index).eligible;
  }

  /** The builder that signed an entry by the key that it had then, alone and not revoked. */
  speaker(entry: Entry): string | undefined {
    return once(this.#known, `speaker ${entry.index}`, () => this.#findSpeaker(entry));
  }

  readonly #known = new Map<string, unknown>();

  #findSpeaker({ index, signers }: Entry): string | undefined {
    this.#at(index);
    const [signer] = signers;
    if (signers.length !== 1) return undefined;
    const known = this.#keys.filter((given) => given.index < index);
    const identity = known.findLast(({ key }) => key === signer)?.identity;
    if (identity === undefined) return undefined;
    if (known.findLast((given) => given.identity === identity)?.key !== signer) return undefined;
    return this.isRevoked(identity, index) ? undefined : identity;
  }

  isRevoked(key: string, before: number): boolean {
    return [...this.#revokes].some(([index, revoked]) => index < before && revoked === key);
  }

  /** Whether a rotation or revocation took a builder's weight between two entries. */
  lostWeight(key: string, from: number, until: number): boolean {
    this.#at(until - 1);
    return this.#builders.get(key)?.turns.some((index) => index > from && index < until) === true;
  }

  /** Whether a builder serves a platform when an entry is counted, in a log whose builders were gone through to it. */
  serves(key: string, platform: string, before: number): boolean {
    const said = this.#platforms.findLast((given) => given.key === key && given.index < before);
    return said !== undefined && (platform === 'any' || said.platforms.includes(platform));
  }

  tenure(key: string): { builds: number; canaries: number; activeDays: number } | undefined {
    this.#at(this.#entries.length - 1);
    const builder = this.#builders.get(key);
    return builder && { builds: builder.builds, canaries: builder.canaries, activeDays: builder.days.size };
  }

  /** The builders that are registered in the end. */
  all(): readonly string[] {
    this.#at(this.#entries.length - 1);
    return [...this.#builders.keys()];
  }

  /** What a builder has not opened in the end, and may still open. */
  unopened(key: string): string[] {
    this.#at(this.#entries.length - 1);
    return this.#charges.filter((charge) => charge.key === key).map(({ digest }) => digest);
  }

  /** Whether somebody is eligible in the end. */
  isEligibleNow(key: string): boolean {
    this.#at(this.#entries.length - 1);
    return this.#builders.get(key)?.eligible === true;
  }

  readonly #revokes = new Map<number, string>();
  readonly #platforms: {
    readonly index: number;
    readonly key: string;
    readonly platforms: readonly string[];
  }[] = [];

  #at(index: number): Snapshot {
    while (this.#snapshots.length <= index) {
      const entry = this.#entries[this.#snapshots.length];
      if (entry === undefined) break;
      this.#timePasses(entry);
      this.#snapshots.push(this.#snapshot(entry));
      this.#take(entry);
      this.#settle(entry);
    }
    return this.#snapshots[index] ?? assertNever(index);
  }

  #timePasses(entry: Entry): void {
    for (const { key, dueMs } of this.#charges) if (dueMs <= entry.timeMs) this.#diverge(key, entry.timeMs);
    this.#charges = this.#charges.filter(({ dueMs }) => dueMs > entry.timeMs);
    this.#settle(entry);
    const { periodDays, least, share } = this.#rules.admission;
    if (entry.index === 0) {
      this.#periodEndsMs = entry.timeMs + periodDays * DAY_MS;
      return;
    }
    if (entry.timeMs < this.#periodEndsMs) return this.#join(entry);
    while (this.#periodEndsMs <= entry.timeMs) this.#periodEndsMs += periodDays * DAY_MS;
    const ready = this.#waiting
      .filter(({ key, index }) => this.#builders.get(key)?.qualified === index)
      .sort((left, right) => left.index - right.index || (left.key < right.key ? -1 : 1))
      .map(({ key }) => key);
    const places = Math.max(
      least,
      Math.floor(
        ([...this.#builders.values()].filter(({ eligible }) => eligible).length * share[0]) / share[1],
      ),
    );
    const seed = placeSeed('bitquorum/admission/v1\0', this.#origin, entry.index, entry.timeMs);
    this.#drawn = shuffle(ready, seed)
      .slice(0, places)
      .map((key) => ({ key, qualified: this.#builders.get(key)?.qualified }));
    this.#join(entry);
  }

  /** Eight of those who were drawn join with each entry. */
  #join(entry: Entry): void {
    for (const { key, qualified } of this.#drawn.splice(0, 8)) {
      const builder = this.#builders.get(key);
      if (builder === undefined || builder.qualified !== qualified) continue;
      Object.assign(builder, { admitted: true, qualified: undefined });
    }
    this.#settle(entry);
  }

  /** Looks at everybody: who is a member, who is eligible, who has shown enough. */
  #settle({ index, timeMs }: Entry): void {
    const { tenure, coolingDays } = this.#rules;
    for (const builder of this.#builders.values()) {
      const founder = this.#rules.founders.includes(builder.key);
      const member = !builder.revoked && (founder || builder.admitted);
      if (!member) builder.member = undefined;
      else builder.member ??= { index, timeMs };
      const coolUntilMs = builder.rotatedMs + coolingDays * DAY_MS;
      builder.eligible = member && timeMs >= coolUntilMs && timeMs >= builder.suspendedUntilMs;
      const enough =
        builder.tenureFrom !== undefined &&
        builder.days.size >= tenure.activeDays &&
        builder.builds >= tenure.builds &&
        builder.canaries >= tenure.canaries;
      if (member || builder.revoked || !enough) builder.qualified = undefined;
      else if (builder.qualified === undefined) {
        builder.qualified = index;
        this.#waiting.push({ key: builder.key, index });
      }
    }
  }

  #snapshot(entry: Entry): Snapshot {
    const builders = [...this.#builders.values()];
    const members = builders.filter(({ member }) => member !== undefined);
    const pools = new Map<string, readonly string[]>();
    for (const platform of new Set(['any', ...builders.flatMap(({ predicate }) => predicate.platforms)])) {
      const serving = members.filter(
        ({ predicate }) => platform === 'any' || predicate.platforms.includes(platform),
      );
      const since = (builder: Builder, mark: string) =>
        Math.max(builder.marks.get(mark) ?? Infinity, builder.member?.index ?? 0);
      const isFirst = (builder: Builder, mark: string) =>
        serving.every(
          (other) =>
            other === builder ||
            since(other, mark) > since(builder, mark) ||
            (since(other, mark) === since(builder, mark) && other.key > builder.key),
        );
      const heads = serving.filter(
        (builder) => builder.eligible && [...builder.marks.keys()].every((mark) => isFirst(builder, mark)),
      );
      pools.set(platform, heads.map(({ key }) => key).sort());
    }
    const eldest = entry.timeMs - this.#rules.elderDays * DAY_MS;
    return {
      eligible: builders
        .filter(({ eligible }) => eligible)
        .map(({ key }) => key)
        .sort(),
      elders: members.filter(({ member }) => (member?.timeMs ?? Infinity) <= eldest).map(({ key }) => key),
      pools,
    };
  }

  #take(entry: Entry): void {
    const { statement, index, timeMs } = entry;
    if (!this.#isBound(entry)) return;
    if (statement.kind === 'builder') this.#register(statement.subject.sha256, statement.predicate, entry);
    if (statement.kind === 'rotate') this.#rotate(statement.predicate, entry);
    if (statement.kind === 'revoke') this.#revoke(statement.predicate.builder, entry);
    if (statement.kind === 'audit') {
      for (const key of this.#court.audited(index)) {
        const builder = this.#builders.get(key);
        if (builder?.tenureFrom !== undefined) builder.days.add(Math.floor(timeMs / DAY_MS));
      }
    }
    if (statement.kind === 'vote') this.#openLate(statement, entry);
    const judged = this.#court.judged(index);
    if (judged === undefined) return;
    const dueMs = timeMs + this.#rules.divergence.graceDays * DAY_MS;
    for (const charge of judged.unopened) {
      if (dueMs > timeMs) this.#charges.push({ ...charge, dueMs });
      else this.#diverge(charge.key, timeMs);
    }
    for (const key of judged.diverged) this.#diverge(key, timeMs);
    for (const key of judged.matched) {
      const builder = this.#builders.get(key);
      if (builder === undefined) continue;
      builder.builds += 1;
      builder.tenureFrom ??= index;
    }
    for (const key of judged.canaries) {
      const builder = this.#builders.get(key);
      if (builder !== undefined) builder.canaries += 1;
    }
  }

  /** A vote after the verdict: the same as the others clears its builder, another is a divergence. */
  #openLate({ subject, predicate }: StatementOf<'vote'>, entry: Entry): void {
    const { release, salt, infoHashV2 } = predicate;
    const key = this.speaker(entry);
    const answered = this.#charges.find((charge) => charge.key === key && charge.digest === release);
    if (answered === undefined || subject.name !== answered.packageUrl) return;
    const text = Buffer.from('bitquorum/commit/v1\0');
    const parts = [release, answered.key, salt, infoHashV2].map((hex) => Buffer.from(hex, 'hex'));
    if (sha256(text, sha256(this.#origin), ...parts).toString('hex') !== answered.commitment) return;
    this.#charges = this.#charges.filter((charge) => charge !== answered);
    if (infoHashV2 !== answered.truth) this.#diverge(answered.key, entry.timeMs);
  }

  #register(key: string, predicate: Predicate<'builder'>, { index, signers }: Entry): void {
    const known = this.#builders.get(key);
    if (signers.length !== 1 || signers[0] !== (known?.currentKey ?? key) || known?.revoked) return;
    if (known !== undefined && known.predicate.nextKey !== predicate.nextKey) return;
    if (this.#keys.some((given) => given.key === key && given.identity !== key)) return;
    if (this.#isTaken(predicate.announceDigest, key)) return;
    this.#platforms.push({ index, key, platforms: predicate.platforms });
    // Prefixes in these histories are whole /24s, so equal text is the same network.
    const said = [predicate.operator.toLowerCase(), ...predicate.prefixes];
    const marks = new Map(said.map((mark) => [mark, known?.marks.get(mark) ?? index]));
    if (known !== undefined) {
      Object.assign(known, { predicate, marks });
      return;
    }
    this.#keys.push({ index, key, identity: key });
    this.#builders.set(key, {
      key,
      predicate,
      currentKey: key,
      marks,
      rotatedMs: -Infinity,
      revoked: false,
      turns: [],
      tenureFrom: undefined,
      builds: 0,
      canaries: 0,
      days: new Set(),
      qualified: undefined,
      admitted: false,
      member: undefined,
      suspendedUntilMs: 0,
      eligible: false,
    });
  }

  #rotate({ builder: identity, vkey, nextKey, announceDigest }: Predicate<'rotate'>, entry: Entry): void {
    const builder = this.#builders.get(identity);
    const [signer = ''] = entry.signers;
    const named = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1).toString('hex');
    if (builder === undefined || builder.revoked || entry.signers.length !== 1 || named !== signer) return;
    if (sha256(Buffer.from(signer, 'hex')).toString('hex') !== builder.predicate.nextKey) return;
    if (this.#keys.some(({ key }) => key === signer) || this.#isTaken(announceDigest, identity)) return;
    this.#keys.push({ index: entry.index, key: signer, identity });
    builder.predicate = { ...builder.predicate, vkey, nextKey, announceDigest };
    builder.currentKey = signer;
    builder.rotatedMs = entry.timeMs;
    if (this.#rules.coolingDays > 0) builder.turns.push(entry.index);
  }

  #revoke(identity: string, { index, signers }: Entry): void {
    const builder = this.#builders.get(identity);
    const [signer = ''] = signers;
    if (builder === undefined || builder.revoked || signers.length !== 1) return;
    const isNext = sha256(Buffer.from(signer, 'hex')).toString('hex') === builder.predicate.nextKey;
    if (signer !== builder.currentKey && !isNext) return;
    builder.revoked = true;
    builder.turns.push(index);
    this.#revokes.set(index, identity);
  }

  #diverge(key: string, timeMs: number): void {
    const builder = this.#builders.get(key);
    if (builder === undefined) return;
    const { founderSuspensionDays } = this.#rules.divergence;
    Object.assign(builder, {
      tenureFrom: undefined,
      builds: 0,
      canaries: 0,
      days: new Set(),
      admitted: false,
    });
    builder.qualified = undefined;
    if (this.#rules.founders.includes(key))
      builder.suspendedUntilMs = timeMs + founderSuspensionDays * DAY_MS;
  }

  #isTaken(announceDigest: string, key: string): boolean {
    return [...this.#builders.values()].some(
      (other) => other.key !== key && other.predicate.announceDigest === announceDigest,
    );
  }
}

function assertNever(index: number): never {
  throw new Error(`entry ${index} is not in this log`);
}
