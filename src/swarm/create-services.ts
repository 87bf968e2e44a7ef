import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Gate } from './connection/gate.ts';
import { RoomMaker, type RoomMakerParts } from './connection/make-room.ts';
import { createPeerId } from './connection/peer-id.ts';
import { DiscoveryHub } from './discovery/discovery-hub.ts';
import { FilePool } from './disk/file-pool.ts';
import { RunMemory } from './disk/run-memory.ts';
import { ProofBudget } from './extensions/proof-budget.ts';
import { HashPool } from './hashing/hash-pool.ts';
import type { EngineOptions } from './options.ts';
import { LimitPair } from './rates/throttle.ts';
import type { EngineServices } from './services.ts';
import { SendBuffers } from './serving/send-buffers.ts';

/** Megabytes that wait to be sent, in all swarms together. */
const SEND_BUFFERS = 16;

/** What of the services only the engine knows. */
type OfEngine = Pick<EngineServices, 'port' | 'closing'> & Omit<RoomMakerParts, 'now'>;

/** Makes what the swarms of one engine share, with the system's clock and randomness. Throws `bad-limit`. */
export function createServices(options: EngineOptions, gate: Gate, engine: OfEngine): EngineServices {
  const now = (): number => performance.now();
  const random = Math.random;
  const limits = new LimitPair(now);
  limits.set(options);
  const room = new RoomMaker({ ...engine, now });
  return {
    options,
    limits,
    peerId: createPeerId(),
    announceKey: randomBytes(8).toString('hex'),
    pool: new HashPool(options.hashThreads),
    files: new FilePool(options.maxOpenFiles),
    runMemory: new RunMemory(options.pieceMemoryBytes),
    buffers: new SendBuffers(SEND_BUFFERS),
    proofs: new ProofBudget(now),
    port: engine.port,
    now,
    closing: engine.closing,
    random,
    discovery: new DiscoveryHub({ ...options, now, random }),
    reserve: (host) => gate.reserve(host),
    released: (host) => gate.release(host),
    makeRoom: (host) => gate.isOpenTo(host) && room.make(),
  };
}
