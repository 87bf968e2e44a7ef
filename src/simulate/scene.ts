import { InternalError } from '../bytes/index.ts';
import type { Running } from './actor.ts';
import { Network } from './network.ts';
import type { Case, Finding, Parameters, Point } from './scenario.ts';
import { electorateOf, strike } from './strike.ts';

/** The network of a scenario before anybody attacks it. */
export function established(parameters: Parameters, name: string, graceDays?: number): Network {
  const { founders, members, ageDays } = parameters;
  return new Network({ seed: `${parameters.seed} ${name}`, founders, members, ageDays, graceDays });
}

/** Registers so many builders of one side. */
export function joinAll(network: Network, count: number, side: 'honest' | 'attacker', isActive = true): void {
  for (let at = 0; at < count; at += 1) network.join(network.seed, side, isActive);
}

/** How the electorate stands today. */
export function point(network: Network): Point {
  const { eligible, attackersEligible } = electorateOf(network);
  return { day: network.today, eligible, attackers: attackersEligible };
}

/** One ordinary day with one release. */
export function ordinaryDay(network: Network): Running {
  const release = released(network);
  network.rest([release]);
  return release;
}

/** Begins a day, with one release that is open now. */
export function released(network: Network, isUrgent = false): Running {
  const [release] = network.day(1, isUrgent);
  if (release === undefined) throw new InternalError('a day with one release has none');
  return release;
}

/** One attack, on a release of its own that begins today. */
export function hit(network: Network, name: string, threshold: number, isUrgent = false): Case {
  return { case: name, ...strike(network, released(network, isUrgent), threshold) };
}

/** What a scenario found. */
export function finding(
  scenario: string,
  entries: number,
  cases: readonly Case[],
  series: readonly Point[] = [],
  figures: Finding['figures'] = {},
): Finding {
  return { scenario, entries, cases, series, figures };
}
