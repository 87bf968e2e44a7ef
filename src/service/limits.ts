import type { DayLimits } from './day-quotas.ts';

/**
 * Every bound of the tally service in one place. Addresses are counted by {@link addressGroup}: one IPv4 address,
 * or one IPv6 /64, which is what a single customer of a network gets.
 */
export interface ServiceLimits {
  /** Request head, in bytes; a longer one is answered with 431. */
  readonly headerBytes: number;
  /** How long a client may take for the request head (the defence against slowloris). */
  readonly headerTimeoutMs: number;
  /** How long a client may take for the whole request. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number;
  /** How long an idle connection is kept for the next request. */
  readonly keepAliveTimeoutMs: number;
  /** How long running requests may take to end when the service closes. */
  readonly closeGraceMs: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Requests that may wait on one connection for the answers to those before them. */
  readonly requestsAhead: number;
  /** Body of one entry: DSSE envelope, in bytes. */
  readonly entryBytes: number;
  /** One blob, in bytes. */
  readonly blobBytes: number;
  /** Entries that wait for their place in the log at one time. */
  readonly pendingEntries: number;
  /** What keys may log in a day. */
  readonly days: DayLimits;
  /** How long an answer waits for the checkpoint that covers its entry, and how many may wait at one time. */
  readonly inclusion: { readonly waitMs: number; readonly waiting: number };
  /** Requests of each class that one address may make: at once, and then a second. */
  readonly rates: Readonly<Record<RateClass, Rate>>;
  /** Addresses whose rates are remembered; the longest unseen one is forgotten first. */
  readonly ratedAddresses: number;
  readonly events: {
    readonly sessions: number;
    readonly sessionsPerAddress: number;
    /** Entry events kept for clients that come back with `Last-Event-ID`. */
    readonly replayed: number;
    /** A reader this far behind, in bytes, is disconnected: it comes back with `Last-Event-ID`. */
    readonly backlogBytes: number;
    /** Changes of an infohash's seeders within so long become one event. */
    readonly seedersDebounceMs: number;
  };
  readonly tracker: TrackerLimits;
  readonly audits: AuditLimits;
  readonly identities: IdentityLimits;
}

/** Classes of requests that are counted apart; a `view` is a read that costs milliseconds: a proof, a page of a list, events since. */
export type RateClass = 'read' | 'view' | 'compress' | 'entry' | 'blob' | 'announce';

/** A token bucket: `burst` at once, refilled with `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface TrackerLimits {
  /** What clients are told to wait between announces. */
  readonly intervalSeconds: number;
  readonly minIntervalSeconds: number;
  /** A peer that did not announce for so long is forgotten. */
  readonly expirySeconds: number;
  /** Swarms of infohashes that no vote names; those that a vote names always get a place. */
  readonly strangeSwarms: number;
  readonly strangeSwarmsPerAddress: number;
  readonly peers: number;
  readonly peersPerSwarm: number;
  readonly peersPerAddress: number;
  readonly peersPerAddressAndSwarm: number;
  /** Places of an audited builder in a swarm that none of the four limits above takes. */
  readonly peersPerBuilderAndSwarm: number;
  readonly defaultWanted: number;
  /** Most peers in one answer, whatever `numwant` asks. */
  readonly maxWanted: number;
}

export interface AuditLimits {
  readonly concurrent: number;
  readonly queued: number;
  /** One probe, from connecting to the verified block. */
  readonly timeoutMs: number;
  /** Waits before each further try; their number is the number of further tries. */
  readonly retriesMs: readonly number[];
}

/** How seeders that announce by the URL for anyone are asked whose they are. */
export interface IdentityLimits {
  readonly concurrent: number;
  /** Seeders that wait to be asked, in all and at one address. */
  readonly queued: number;
  readonly queuedPerAddress: number;
  /** One question, from connecting to the proof. */
  readonly timeoutMs: number;
  /** When an endpoint is asked again at the earliest: if it is no builder's, and if it is one's or failed. */
  readonly againMs: number;
  readonly retryMs: number;
  /** Endpoints that are remembered. */
  readonly remembered: number;
}

export const SERVICE_LIMITS: ServiceLimits = {
  headerBytes: 8192,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  keepAliveTimeoutMs: 10_000,
  closeGraceMs: 1000,
  connections: 2048,
  connectionsPerAddress: 128,
  requestsAhead: 64,
  entryBytes: 4096,
  blobBytes: 1 << 20,
  pendingEntries: 1024,
  days: {
    entriesPerStanding: 10_000,
    entriesPerKey: 500,
    entriesPerPrefix: 2000,
    newBuildersPerPrefix: 64,
    entriesInAll: 50_000,
  },
  inclusion: { waitMs: 10_000, waiting: 512 },
  rates: {
    read: { burst: 1000, perSecond: 200 },
    view: { burst: 200, perSecond: 5 },
    compress: { burst: 200, perSecond: 5 },
    entry: { burst: 300, perSecond: 10 },
    blob: { burst: 60, perSecond: 1 },
    announce: { burst: 500, perSecond: 50 },
  },
  ratedAddresses: 50_000,
  events: {
    sessions: 512,
    sessionsPerAddress: 32,
    replayed: 1000,
    backlogBytes: 1 << 20,
    seedersDebounceMs: 200,
  },
  tracker: {
    intervalSeconds: 900,
    minIntervalSeconds: 60,
    expirySeconds: 2100,
    strangeSwarms: 10_000,
    strangeSwarmsPerAddress: 64,
    peers: 100_000,
    peersPerSwarm: 2000,
    peersPerAddress: 2000,
    peersPerAddressAndSwarm: 16,
    peersPerBuilderAndSwarm: 4,
    defaultWanted: 50,
    maxWanted: 200,
  },
  audits: {
    concurrent: 8,
    queued: 1000,
    timeoutMs: 10_000,
    retriesMs: [300, 2000, 8000],
  },
  identities: {
    concurrent: 4,
    queued: 500,
    queuedPerAddress: 8,
    timeoutMs: 3000,
    againMs: 1_800_000,
    retryMs: 60_000,
    remembered: 10_000,
  },
};
