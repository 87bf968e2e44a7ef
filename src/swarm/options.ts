import type { EncryptionPolicy } from './connection/encryption.ts';
import type { DhtOptions } from './discovery/discovery-hub.ts';
import type { AnnounceTo } from './discovery/tracker-tiers.ts';

/** Settings and bounds of an engine. All have defaults; nothing opens towards the outside unless it is asked for. */
export interface EngineOptions {
  /** Address to listen on. Default 127.0.0.1: reachable from this machine only. */
  readonly host: string;
  /** TCP port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** Address from which connections to peers and trackers go out; the system chooses when it is not set. */
  readonly localAddress: string | undefined;
  /**
   * Which trackers of an announce list are announced to: the first that answers, those of a later tier only when all of
   * the earlier ones failed (BEP 12; the default); one of each tier, as qBittorrent does; or every one.
   */
  readonly announceTo: AnnounceTo;
  /**
   * The DHT (BEP 5), over IPv4: `undefined`, the default, opens no UDP port and asks nobody. With it, every torrent that
   * is not private is announced to and looked for in the DHT.
   */
  readonly dht: DhtOptions | undefined;
  /** Most connections in all, those that have not shaken hands yet included. */
  readonly maxConnections: number;
  /** Most connections from one address. */
  readonly maxConnectionsPerAddress: number;
  /** Most connections of one swarm. */
  readonly maxConnectionsPerSwarm: number;
  /** How long a peer has to have been of no use before it makes room for another one, when all places are taken. */
  readonly uselessAfterMs: number;
  /** Most swarms at once. */
  readonly maxSwarms: number;
  /** How many peers of a swarm are served at once; fewer under a low upload limit. */
  readonly uploadSlots: number;
  /** How long a peer keeps its upload slot while others wait. */
  readonly uploadTurnMs: number;
  /** Bytes a second to all peers of all swarms together; 0 for no limit. */
  readonly uploadBytesPerSecond: number;
  /** Bytes a second from all peers of all swarms together; 0 for no limit. */
  readonly downloadBytesPerSecond: number;
  /** Most worker threads that hash and write; each is started when those before it are busy. */
  readonly hashThreads: number;
  /** Memory for pieces that are on their way, per download, in bytes. */
  readonly pieceMemoryBytes: number;
  /** Whether a finished download is flushed to the disk before it is put in its place. Default `true`. */
  readonly syncFiles: boolean;
  /** Most files open at once. */
  readonly maxOpenFiles: number;
  /** How long connecting and shaking hands may take. */
  readonly handshakeTimeoutMs: number;
  /** How long a peer that owes blocks may send none before it is let go. */
  readonly stallTimeoutMs: number;
  /** How long a peer may be silent. */
  readonly idleTimeoutMs: number;
  /** Most memory that waits for one peer to read it, in bytes: small messages count with what a write costs besides. */
  readonly sendQueueBytes: number;
  /** Whether connections are encrypted (MSE). Default `allow`. */
  readonly encryption: EncryptionPolicy;
  /**
   * Whether the addresses in a torrent or magnet link count as named by the user, so that they may lie on this machine or in
   * its network. Default `false`: they count as named from the internet.
   */
  readonly trustsSources: boolean;
  /** The client name peers see. */
  readonly client: string;
}

export const DEFAULT_ENGINE_OPTIONS: EngineOptions = {
  host: '127.0.0.1',
  port: 0,
  localAddress: undefined,
  announceTo: 'first',
  dht: undefined,
  maxConnections: 2500,
  maxConnectionsPerAddress: 64,
  maxConnectionsPerSwarm: 2200,
  uselessAfterMs: 60_000,
  maxSwarms: 10_000,
  uploadSlots: 32,
  uploadTurnMs: 10_000,
  uploadBytesPerSecond: 0,
  downloadBytesPerSecond: 0,
  hashThreads: 2,
  pieceMemoryBytes: 24 * 1024 * 1024,
  syncFiles: true,
  maxOpenFiles: 256,
  handshakeTimeoutMs: 10_000,
  stallTimeoutMs: 20_000,
  idleTimeoutMs: 150_000,
  sendQueueBytes: 16 * 1024 * 1024,
  encryption: 'allow',
  trustsSources: false,
  client: 'bitquorum 0.1',
};
