/** Resolves releases by counting for itself, downloads and verifies the winner, and talks to a tally. */
export type { Receipt } from './answers.ts';
export type { TallyPlace } from './compare.ts';
export { ClientError, RefusedError } from './errors.ts';
export type { TallyEvent } from './events.ts';
export { type GetProgress, type Got, getRelease, PROOF_SUFFIX } from './get.ts';
export { LEVELS, type Level } from './levels.ts';
export { LogFolder } from './log-folder.ts';
export { LogFollower } from './log-follower.ts';
export type { LogSource } from './log-source.ts';
export type { LogTrust } from './proof/open-proof.ts';
export { type ReadOptions, readLog } from './read-log.ts';
export { NoWinnerError, requireWinner, resolveRelease, type Winner } from './resolve.ts';
export { defaultStateFolder } from './state-folder.ts';
export { TallyClient } from './tally-client.ts';
export { type VerifiedFile, verifyFile } from './verify-file.ts';
