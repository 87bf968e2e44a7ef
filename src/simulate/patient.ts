import type { Case, Finding, Parameters, Point } from './scenario.ts';
import { established, finding, hit, joinAll, ordinaryDay, point } from './scene.ts';

const MONTH_DAYS = 30;

/** Attackers that build and serve honestly for months, each an operator and a network of its own, and then strike. */
export function patient(parameters: Parameters): Finding {
  const cases: Case[] = [];
  let entries = 0;
  let series: Point[] = [];
  for (const months of parameters.months) {
    const network = established(parameters, 'patient');
    joinAll(network, parameters.honestNewcomers, 'honest');
    joinAll(network, parameters.attackers, 'attacker');
    series = [];
    while (network.today < months * MONTH_DAYS) {
      ordinaryDay(network);
      if (network.today % 10 === 0) series.push(point(network));
    }
    cases.push(hit(network, `${parameters.attackers} attackers, ${months} months`, parameters.threshold));
    entries += network.tally.size;
  }
  return finding('patient', entries, cases, series);
}
