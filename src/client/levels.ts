import { ClientError } from './errors.ts';

/**
 * How far a client trusts, the weakest first. `tally`: who is eligible stands on the tally's word; `proof`: monitors of
 * the policy's choice signed it; `full`: this client counted the whole log itself.
 */
export const LEVELS = ['tally', 'proof', 'full'] as const;
export type Level = (typeof LEVELS)[number];

/** Whether the tally is there to be asked, or only what was kept of it: what a user can do depends on it. */
export type Reach = 'online' | 'offline';

/** What a user can do who wants to believe nobody. */
export const FULL_WORDS: Readonly<Record<Reach, string>> = {
  online: '--full counts the whole log itself',
  offline: '`bitquorum get --full` counts the whole log itself, over the network',
};

/** Refuses a weaker level than was asked for. Throws `no-quorum`. */
export function requireLevel(reached: Level, least: Level | undefined, why: string, reach: Reach): void {
  if (least === undefined || LEVELS.indexOf(reached) >= LEVELS.indexOf(least)) return;
  throw new ClientError(
    'no-quorum',
    `this comes to level "${reached}", and "${least}" is asked for: ${why}; ${FULL_WORDS[reach]}, and --level ${reached} ` +
      'does with less',
  );
}
