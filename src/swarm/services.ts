import type { PeerId } from '../bytes/index.ts';
import type { DiscoveryHub } from './discovery/discovery-hub.ts';
import type { FilePool } from './disk/file-pool.ts';
import type { RunMemory } from './disk/run-memory.ts';
import type { ProofBudget } from './extensions/proof-budget.ts';
import type { HashPool } from './hashing/hash-pool.ts';
import type { EngineOptions } from './options.ts';
import type { LimitPair } from './rates/throttle.ts';
import type { SendBuffers } from './serving/send-buffers.ts';

/** What all swarms of an engine share. */
export interface EngineServices {
  readonly options: EngineOptions;
  readonly peerId: PeerId;
  /** Told to trackers, so that they know us when our address changes. */
  readonly announceKey: string;
  /** What swarms share to find peers. */
  readonly discovery: DiscoveryHub;
  readonly pool: HashPool;
  readonly files: FilePool;
  /** Memory that content is hashed in. */
  readonly runMemory: RunMemory;
  readonly buffers: SendBuffers;
  /** The engine's upload and download limits; each swarm has its own besides. */
  readonly limits: LimitPair;
  /** What proofs of builders' keys may cost. */
  readonly proofs: ProofBudget;
  /** The port we listen on; 0 when we do not. */
  readonly port: () => number;
  /** A clock that only goes forward, in milliseconds. */
  readonly now: () => number;
  /** Aborted with the error `closed` when the engine is closed. */
  readonly closing: AbortSignal;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Takes a place for a connection with a host; `false` when there are too many. */
  readonly reserve: (host: string) => boolean;
  /** Lets go, when all places are taken, somebody who does not need one, in favour of a host; `false`: nobody. */
  readonly makeRoom: (host: string) => boolean;
  /** Gives the place back. */
  readonly released: (host: string) => void;
}
