import type { Actor } from './actor.ts';
import type { Network } from './network.ts';
import type { Case, Finding, Parameters, Point } from './scenario.ts';
import { established, finding, hit, joinAll, point, released } from './scene.ts';
import { strike, wouldWin } from './strike.ts';

/**
 * A flood: at once by all its keys, and with patience: as many as can build and serve at a time, one lot after
 * another, until the panel of some release falls to them.
 */
export function sybil(parameters: Parameters): Finding {
  const { flood, floodActive, floodDays, honestNewcomers, threshold } = parameters;
  const rash = established(parameters, 'sybil');
  joinAll(rash, flood, 'attacker');
  const atOnce = hit(rash, `${flood} new keys vote at once`, threshold);
  const network = established(parameters, 'sybil');
  joinAll(network, honestNewcomers, 'honest');
  joinAll(network, flood, 'attacker', false);
  const sleeping = [...network.actors.values()].filter(({ side }) => side === 'attacker').reverse();
  const series: Point[] = [];
  const figures: Record<string, number | null> = {
    'half of the eligible, day': null,
    'two thirds of the eligible, day': null,
  };
  let won: Case | undefined;
  while (network.today < floodDays && won === undefined) {
    wake(network, sleeping, floodActive);
    const release = released(network);
    if (wouldWin(network, release)) {
      won = {
        case: 'patient flood, at the first panel that it wins',
        ...strike(network, release, threshold),
      };
    } else network.rest([release]);
    const now = point(network);
    if (network.today % 10 === 0) series.push(now);
    if (now.attackers * 2 >= now.eligible) figures['half of the eligible, day'] ??= network.today;
    if (now.attackers * 3 >= now.eligible * 2) figures['two thirds of the eligible, day'] ??= network.today;
  }
  won ??= hit(network, `patient flood, after ${floodDays} days in which it won no panel`, threshold);
  return finding('sybil', rash.tally.size + network.tally.size, [atOnce, won], series, figures);
}

/** Lets further keys of a flood begin to build, so that enough are on their way to the lot. */
function wake(network: Network, sleeping: Actor[], most: number): void {
  let busy = 0;
  for (const actor of network.active) {
    const life = network.tally.builders.get(actor.key)?.life;
    if (actor.side === 'attacker' && life?.memberSince === undefined) busy += 1;
  }
  while (busy < most && sleeping.length > 0) {
    const next = sleeping.pop();
    if (next !== undefined) network.active.add(next);
    busy += 1;
  }
}
