import { goodOf } from './actor.ts';
import type { Finding, Parameters } from './scenario.ts';
import { established, finding, joinAll, ordinaryDay } from './scene.ts';

/** Honest builders that are on some days and off on others: whether releases become final, and who gets in when. */
export function laptops(parameters: Parameters): Finding {
  const figures: Record<string, number | null> = {};
  let entries = 0;
  for (const uptime of parameters.uptimes) {
    const network = established(parameters, `laptops ${uptime}`);
    joinAll(network, parameters.honestNewcomers, 'honest');
    const newcomers = [...network.active].slice(-parameters.honestNewcomers);
    const on = new Set<string>();
    network.behaviour = {
      ...network.behaviour,
      outputOf: (actor, release) => (on.has(actor.key) ? goodOf(release.digest) : undefined),
      canaryOf: (actor, right) => (on.has(actor.key) ? right : undefined),
      isOn: (actor) => on.has(actor.key),
    };
    const releases: string[] = [];
    let firstDay: number | null = null;
    while (network.today < parameters.laptopDays) {
      on.clear();
      for (const { key } of network.active) if (network.random.next() < uptime) on.add(key);
      releases.push(ordinaryDay(network).digest);
      if (newcomers.some(({ key }) => network.isEligible(key))) firstDay ??= network.today;
    }
    const ended = releases.map((digest) => network.tally.releases.get(digest)?.phase);
    const finals = ended.filter((phase) => phase === 'final').length;
    const verdicts = ended.filter(
      (phase) => phase === 'final' || phase === 'failed' || phase === 'contested',
    ).length;
    const name = `${Math.round(uptime * 100)} % on`;
    figures[`${name}: final verdicts in a hundred`] =
      Math.round((finals * 1000) / Math.max(1, verdicts)) / 10;
    figures[`${name}: first newcomer eligible, day`] = firstDay;
    figures[`${name}: newcomers eligible at the end`] = newcomers.filter(({ key }) =>
      network.isEligible(key),
    ).length;
    figures[`${name}: diverged`] = [...network.tally.builders.values()].filter(
      ({ life }) => life.diverged !== undefined,
    ).length;
    entries += network.tally.size;
  }
  return finding('laptops', entries, [], [], figures);
}
