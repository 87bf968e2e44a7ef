/** A BitTorrent v2 engine: peers, disk, discovery (BEP 3, 6, 9, 10, 52). */
export { isPublicAddress } from './connection/address-policy.ts';
export type { DownloadOptions, DownloadResult, KeptDownload } from './download.ts';
export { Engine } from './engine.ts';
export { SwarmError, type SwarmErrorCode } from './error.ts';
export type { KeySigner } from './extensions/identity-keys.ts';
export type { SeedIdentity } from './extensions/identity-prover.ts';
export type { EngineOptions } from './options.ts';
export { type ProbeOptions, type ProbeResult, probeSeeder, proveIdentity } from './probe/probe.ts';
export type { SwarmPhase, SwarmProgress } from './progress.ts';
export type { RateLimits } from './rates/throttle.ts';
export type { SeedOptions } from './seeding.ts';
export type { TorrentSource } from './source.ts';
export type { Ban } from './statistics/bans.ts';
export type { EngineEvents, PeerChange } from './statistics/events.ts';
export type { EngineStatistics, PeerStatistics, SwarmStatistics } from './statistics/statistics.ts';
export type { TrackerStatistics } from './statistics/tracker-log.ts';
export type { RunningDownload } from './streaming/running-download.ts';
export type { Swarm } from './swarm.ts';
