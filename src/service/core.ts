import type { Logger } from 'pino';
import { toHex } from '../bytes/index.ts';
import type { Log } from '../log/index.ts';
import { type Signer, type VerifiedEnvelope, VerifyPool } from '../statement/index.ts';
import type { Store, StoredEntry } from '../store/index.ts';
import { countsOn, wouldCount } from '../tally/index.ts';
import { type AddressBytes, addressBytes, addressGroup, addressText } from './address.ts';
import { AuditQueue } from './audit/audit-queue.ts';
import { auditor, type Probe } from './audit/auditor.ts';
import { type AskIdentity, IdentityQueue, type Stranger } from './audit/identity-queue.ts';
import { Clerk } from './clerk.ts';
import type { Clock } from './clock.ts';
import { ServiceError } from './errors.ts';
import { EntryTeller } from './events/entry-teller.ts';
import { type EntryEvent, EventHub } from './events/event-hub.ts';
import type { Failure } from './failure.ts';
import { infoHashOf, KnownTorrents } from './known-torrents.ts';
import { type CountedEntry, Ledger } from './ledger.ts';
import type { ServiceLimits } from './limits.ts';
import { LogFollower } from './log-follower.ts';
import type { Random } from './random.ts';
import { SeederCounts } from './seeder-counts.ts';
import type { StateSignatures } from './state-signatures.ts';
import { AnnounceStore } from './tracker/announce-store.ts';
import { VerifiedEntries } from './verified-entries.ts';
import type { Vouchers } from './vouchers.ts';

export interface CoreParts {
  readonly log: Log;
  readonly store: Store;
  readonly signer: Signer;
  /** What monitors signed about the log's states. */
  readonly states: StateSignatures;
  /** By which of them monitors vouched for policies. */
  readonly vouchers: Vouchers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly failure: Failure;
  readonly limits: ServiceLimits;
  readonly random: Random;
  readonly probe: Probe;
  readonly askIdentity: AskIdentity;
}

/** A builder that seeds, known by its own announce URL or by the proof of its key: where, and what (40 hex digits, as announced). */
export interface BuilderSeed {
  readonly builder: string;
  readonly infoHash: string;
  readonly host: string;
  readonly port: number;
}

/** A seeder that announced by the URL for anyone: where from, and what (40 hex digits, as announced). */
export interface StrangerSeed {
  readonly infoHash: string;
  readonly address: AddressBytes;
  readonly port: number;
}

const SWEEP_EVERY_MS = 60_000;

/** The tally without HTTP: log, count, swarms and audits, and how a change of one reaches the others. */
export class Core {
  readonly parts: CoreParts;
  readonly ledger: Ledger;
  readonly clerk: Clerk;
  readonly swarms: AnnounceStore;
  readonly torrents: KnownTorrents;
  readonly seeders: SeederCounts;
  readonly hub: EventHub;
  readonly #teller: EntryTeller;
  readonly #follower: LogFollower;
  readonly #verified: VerifiedEntries;
  readonly #audits: AuditQueue;
  readonly #identities: IdentityQueue;
  readonly #sweep: NodeJS.Timeout;
  /** Whether the log that was there at the start is counted; its entries are told to nobody who reads live. */
  #isOpen = false;

  constructor(parts: CoreParts) {
    const { log, store, signer, clock, logger, limits, failure } = parts;
    this.parts = parts;
    this.ledger = new Ledger(signer.name, signer.key);
    this.swarms = new AnnounceStore(limits.tracker, parts.random, (name) => this.seeders.changed(name));
    const infos = {
      get: (sha256: string) => store.getBlob(sha256),
      put: (sha256: string, bytes: Uint8Array) => store.putBlob(sha256, bytes),
    };
    this.torrents = new KnownTorrents(infos, limits.blobBytes, this.swarms);
    const { votes, tally } = this.ledger;
    const { seedersDebounceMs, replayed } = limits.events;
    this.seeders = new SeederCounts({
      store: this.swarms,
      votes,
      counts: (release, builder) => countsOn(tally, release, builder),
      pauseMs: seedersDebounceMs,
      tell: (event) => this.hub.seeders(event),
    });
    this.hub = new EventHub(limits.events, () => this.seeders.all());
    const published = (): number => log.checkpoint().size;
    this.#teller = new EntryTeller(published, replayed, (event) => this.hub.entry(event));
    this.#verified = new VerifiedEntries(new VerifyPool(), limits.pendingEntries);
    this.#follower = new LogFollower({
      log,
      verify: (entry) => this.#verified.stored(entry),
      take: (entry, verified) => this.#take(entry, verified),
      failed: (error) => failure.fail(error),
    });
    this.clerk = new Clerk({
      ...parts,
      pendingEntries: limits.pendingEntries,
      days: limits.days,
      ledger: this.ledger,
      follower: this.#follower,
      verified: this.#verified,
    });
    const { ledger, clerk, torrents } = this;
    const audit = auditor({ origin: signer.name, ledger, clerk, torrents, clock, probe: parts.probe });
    this.#audits = new AuditQueue(limits.audits, audit, logger);
    this.#identities = new IdentityQueue({
      limits: limits.identities,
      ask: parts.askIdentity,
      learnt: (stranger, key) => this.#identified(stranger, key),
      logger,
      nowMs: () => clock.nowMs(),
    });
    this.#sweep = setInterval(() => this.swarms.sweep(clock.nowMs()), SWEEP_EVERY_MS);
    this.#sweep.unref();
  }

  /** Counts the whole log, remembers audited torrents, and writes what the log owes. */
  async open(): Promise<void> {
    await this.#follower.upTo(this.parts.log.size);
    this.#isOpen = true;
    if (this.ledger.tally.policy === undefined) {
      throw new ServiceError(
        'no-policy',
        'entry 0 of this log is no policy of its founders: make the tally anew',
      );
    }
    for (const infoHashV2 of this.ledger.votes.audited()) await this.torrents.recall(infoHashV2);
    await this.clerk.start();
  }

  /** Ends audits, events and the clerk, in this order, and finishes what is on its way. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#teller.close();
    this.seeders.close();
    await this.#identities.close();
    await this.#audits.close();
    await this.clerk.close();
    await this.#follower.close();
    await this.#verified.close();
  }

  /**
   * A builder announced that it seeds: whatever vote of its own waits for an audit gets one there. Answers whether
   * there is such a vote.
   */
  builderSeeds({ builder, infoHash, host, port }: BuilderSeed): boolean {
    const truncated = this.torrents.v2Of(infoHash)?.slice(0, 40) ?? infoHash;
    const votes = this.ledger.votes.waiting(builder, truncated);
    for (const vote of votes) {
      this.#audits.offer(vote, { host, port }, wouldCount(this.ledger.tally, vote.release, builder));
    }
    return votes.length > 0;
  }

  /**
   * Somebody announced by the URL for anyone that it seeds. If a builder is known there already, its votes are audited;
   * else, where votes name the infohash, it is asked whose it is. Answers whether a vote waits for an audit there.
   */
  strangerSeeds({ infoHash, address, port }: StrangerSeed): boolean {
    const host = addressText(address);
    const builder = this.swarms.builderAt(infoHash, { address, port });
    if (builder !== null) return this.builderSeeds({ builder, infoHash, host, port });
    const truncated = this.torrents.v2Of(infoHash)?.slice(0, 40) ?? infoHash;
    for (const infoHashV2 of this.ledger.votes.wholesOf(truncated)) {
      this.#identities.offer({ infoHashV2, endpoint: { host, port }, group: addressGroup(address) });
    }
    return false;
  }

  /** Whether an audit of a builder for an infohash (40 hex digits of either version) is in the log. */
  isAudited(builder: string, infoHash: string): boolean {
    const { votes } = this.ledger;
    const whole = this.torrents.v2Of(infoHash);
    const wholes = whole === undefined ? votes.wholesOf(infoHash) : [whole];
    return Array.from(wholes).some((each) => votes.isAudited(builder, each));
  }

  /** A stranger proved a builder's key from the address that announced: it counts as that builder's seeder there. */
  #identified({ infoHashV2, endpoint }: Stranger, key: string): boolean {
    const builder = this.ledger.builderOfKey(key);
    if (builder === undefined) return false;
    const infoHash = infoHashV2.slice(0, 40);
    const isAudited = this.isAudited(builder, infoHash);
    const place = { address: addressBytes(endpoint.host), port: endpoint.port };
    if (this.swarms.claim(infoHash, place, builder, isAudited)) {
      this.parts.logger.info({ builder, infoHashV2 }, 'a seeder proved whose it is');
      this.builderSeeds({ builder, infoHash, ...endpoint });
    }
    return true;
  }

  #take(stored: StoredEntry, verified: VerifiedEnvelope): void {
    const { tally } = this.ledger;
    const alarms = tally.alarmsTotal;
    const entry = this.ledger.count(stored, verified);
    if (tally.alarmsTotal > alarms) {
      this.parts.logger.error(
        { index: entry.index, alarm: tally.alarms.at(-1)?.reason },
        'the count raised an alarm',
      );
    }
    if (this.#isOpen) this.#teller.add(eventOf(entry));
    else this.hub.entry(eventOf(entry));
    if (entry.counts) this.#act(entry);
  }

  #act({ statement, signers }: CountedEntry): void {
    if (statement.kind === 'vote') {
      const { infoHashV2 } = statement.predicate;
      const infoHash = infoHashOf(infoHashV2);
      this.swarms.welcome(infoHash);
      const truncated = toHex(infoHash.subarray(0, 20));
      for (const { builder, address, port } of this.swarms.seeding(truncated)) {
        if (builder === null) this.strangerSeeds({ infoHash: truncated, address, port });
        else if (builder === this.ledger.builderOfKey(signers[0])) {
          this.builderSeeds({ builder, infoHash: truncated, host: addressText(address), port });
        }
      }
    } else if (statement.kind === 'audit') {
      const { infoHashV2, passed } = statement.predicate;
      for (const builder of passed) this.swarms.vouch(infoHashOf(infoHashV2), builder);
    }
  }
}

function eventOf({ index, statement, payloadDigest, signers }: CountedEntry): EntryEvent {
  const { kind, predicate } = statement;
  const release = kind === 'release' ? payloadDigest : 'release' in predicate ? predicate.release : undefined;
  const [key] = signers;
  return { index, kind, ...(release !== undefined && { release }), ...(key !== undefined && { key }) };
}
