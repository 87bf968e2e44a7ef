/** Resolves releases by counting for itself, and talks to a tally. */
export type { Receipt, TallyStatus } from './answers.ts';
export { ClientError, RefusedError } from './errors.ts';
export type { TallyEvent } from './events.ts';
export { LogFollower } from './log-follower.ts';
export { NoWinnerError, type Resolution, requireWinner, resolveRelease, type Winner } from './resolve.ts';
export { TallyClient } from './tally-client.ts';
