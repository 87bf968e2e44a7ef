import { type PolicyRules, policyRules } from '../statement/index.ts';
import { hexOf } from './random.ts';

export const PUBLISHER = hexOf('publisher');

/** The policy that is simulated: the default figures of docs/default-policy.toml, but for the grace where it is given. */
export function defaultRules(founders: readonly string[], graceDays?: number): PolicyRules {
  return policyRules.parse({
    name: 'simulated',
    demo: false,
    founders,
    foundersQuorum: Math.floor(founders.length / 2) + 1,
    publishers: [{ prefix: 'pkg:npm/%40simulated/', keys: [PUBLISHER] }],
    panelSeats: 15,
    minimumVotes: 3,
    panelMargin: [2, 3],
    foundersMargin: [2, 3],
    windows: { commitFloorSeconds: 86_400, voteFloorSeconds: 259_200, endEarly: false },
    heartbeatSeconds: 86_400,
    divergence: { graceDays },
  });
}

/** The policy of the founding weeks, by which the first members come in at once. */
export function foundingRules(rules: PolicyRules): PolicyRules {
  return {
    ...rules,
    tenure: { activeDays: 1, builds: 1, canaries: 0 },
    admission: { periodDays: 10, least: 1000, share: [1, 10] },
  };
}
