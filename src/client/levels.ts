import { ClientError } from './errors.ts';

/**
 * How far a client trusts, the weakest first. `tally`: who is eligible stands on the tally's word; `proof`: monitors of
 * the policy's choice signed it; `full`: this client counted the whole log itself.
 */
export const LEVELS = ['tally', 'proof', 'full'] as const;
export type Level = (typeof LEVELS)[number];

/** Refuses a weaker level than was asked for. Throws `no-quorum`. */
export function requireLevel(reached: Level, least: Level | undefined, why: string): void {
  if (least === undefined || LEVELS.indexOf(reached) >= LEVELS.indexOf(least)) return;
  throw new ClientError(
    'no-quorum',
    `this comes to level "${reached}", and "${least}" is asked for: ${why}. Get it with --full to count the whole log ` +
      `yourself, or --level ${reached} to do with less`,
  );
}
