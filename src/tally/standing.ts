import { identityOf } from './keys.ts';
import { isFounder } from './membership.ts';
import type { Tally } from './state.ts';

/**
 * Whether a key (hex) has standing: the log's own, a publisher's, a founder's, or an eligible builder's. Of all others
 * a log takes so much a day and no more.
 */
export function hasStanding(tally: Tally, key: string): boolean {
  if (key === tally.context.logKey) return true;
  const publishers = tally.policy?.rules.publishers ?? [];
  if (publishers.some(({ keys }) => keys.includes(key))) return true;
  const identity = identityOf(tally, key);
  if (identity === undefined) return isFounder(tally, key);
  return isFounder(tally, identity) || tally.builders.get(identity)?.life.eligible === true;
}
