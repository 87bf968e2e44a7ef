import { hexOf } from './random.ts';
import type { Case, Finding, Parameters } from './scenario.ts';
import { established, finding, hit, joinAll, ordinaryDay } from './scene.ts';
import { electorateOf } from './strike.ts';

/** Many keys, one machine that builds: they share what it builds, the canaries too or not. */
export function colluders(parameters: Parameters): Finding {
  const cases: Case[] = [];
  const figures: Record<string, number | null> = {};
  let entries = 0;
  for (const canaries of ['copied', 'refused', 'built'] as const) {
    const network = established(parameters, 'colluders');
    joinAll(network, parameters.colluders, 'attacker');
    const wrong = hexOf('the release again');
    network.behaviour = {
      ...network.behaviour,
      canaryOf: (actor, right) => {
        if (actor.side === 'honest' || canaries === 'built') return right;
        return canaries === 'copied' ? wrong : undefined;
      },
    };
    let diverged = 0;
    let most = 0;
    while (network.today < parameters.colluderDays) {
      ordinaryDay(network);
      most = Math.max(most, electorateOf(network).attackersEligible);
    }
    for (const { key, side } of network.active) {
      if (side === 'attacker' && network.tally.builders.get(key)?.life.diverged !== undefined) diverged += 1;
    }
    figures[`${canaries}: diverged by a canary`] = diverged;
    figures[`${canaries}: most eligible at a time`] = most;
    cases.push(
      hit(
        network,
        `${parameters.colluders} keys, one builds; canaries are ${canaries}`,
        parameters.threshold,
      ),
    );
    entries += network.tally.size;
  }
  return finding('colluders', entries, cases, [], figures);
}
