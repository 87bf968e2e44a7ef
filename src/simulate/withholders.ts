import { badOf, goodOf, type Running } from './actor.ts';
import type { Network } from './network.ts';
import type { Finding, Parameters } from './scenario.ts';
import { established, finding, joinAll, ordinaryDay } from './scene.ts';
import { electorateOf } from './strike.ts';

/** What the turned elders do about what they did not open, and the days of grace of the network: the policy's, or given. */
const WAYS = [
  { name: 'open late', opensLate: true, graceDays: undefined, chooses: false },
  { name: 'never open', opensLate: false, graceDays: undefined, chooses: false },
  { name: 'never open, without grace', opensLate: false, graceDays: 0, chooses: false },
  { name: 'never open where they are enough, without grace', opensLate: false, graceDays: 0, chooses: true },
] as const;

/**
 * Builders that abuse the days of grace: newcomers that commit to garbage and hope, and turned elders that build, commit,
 * say nothing in the vote window, which is dissent, and open after the verdict or never.
 */
export function withholders(parameters: Parameters): Finding {
  const figures: Record<string, number | null> = {};
  let entries = hopeful(parameters, figures);
  for (const turned of parameters.withholders) {
    for (const { name, opensLate, graceDays, chooses } of WAYS) {
      const network = established(parameters, `withholders ${turned} ${name}`, graceDays);
      turn(network, turned);
      network.behaviour = {
        ...network.behaviour,
        withholds: ({ side }, release) => side === 'attacker' && (!chooses || isEnough(network, release)),
        lateOf: ({ side }, committed) => (side === 'honest' || opensLate ? committed : undefined),
      };
      const digests: string[] = [];
      while (network.today < parameters.withholdDays) digests.push(ordinaryDay(network).digest);
      const phases = digests.map((digest) => network.tally.releases.get(digest)?.phase);
      const finals = phases.filter((phase) => phase === 'final').length;
      const verdicts = finals + phases.filter((phase) => phase === 'contested' || phase === 'failed').length;
      const label = `${turned} of ${parameters.members} elders ${name}`;
      figures[`${label}: final verdicts in a hundred`] =
        Math.round((finals * 1000) / Math.max(1, verdicts)) / 10;
      figures[`${label}: eligible of them in the end`] = electorateOf(network).attackersEligible;
      entries += network.tally.size;
    }
  }
  return finding('withholders', entries, [], [], figures);
}

/** Newcomers that commit to something, whatever it is, and hope that they can open it to what others built. */
function hopeful(parameters: Parameters, figures: Record<string, number | null>): number {
  const network = established(parameters, 'withholders hopeful');
  joinAll(network, parameters.attackers, 'attacker');
  network.behaviour = {
    ...network.behaviour,
    outputOf: (actor, { digest }) => (actor.side === 'attacker' ? badOf(digest) : goodOf(digest)),
    canaryOf: (actor, right) => (actor.side === 'attacker' ? badOf(right) : right),
    withholds: ({ side }) => side === 'attacker',
    lateOf: ({ side }, committed, winner) => (side === 'attacker' ? winner : committed),
  };
  const before = network.tally.refusedTotal;
  while (network.today < parameters.withholdDays) ordinaryDay(network);
  const lives = [...network.active].flatMap(({ key, side }) => {
    const life = network.tally.builders.get(key)?.life;
    return side === 'attacker' && life !== undefined ? [life] : [];
  });
  const name = `${parameters.attackers} newcomers that commit to garbage`;
  figures[`${name}: builds that count`] = lives.reduce((sum, { tenure }) => sum + tenure.builds, 0);
  figures[`${name}: openings refused`] = network.tally.refusedTotal - before;
  figures[`${name}: diverged`] = lives.filter(({ diverged }) => diverged !== undefined).length;
  return network.tally.size;
}

/** Whether the attackers on a panel are more than a third of it: then no group has the margin without them. */
function isEnough(network: Network, { digest }: Running): boolean {
  const panel = network.tally.releases.get(digest)?.draw.panel ?? [];
  return panel.filter((key) => network.actors.get(key)?.side === 'attacker').length * 3 > panel.length;
}

/** So many of the elders turn. */
function turn(network: Network, count: number): void {
  const elders = [...network.active].filter(({ key }) => !network.founders.includes(key));
  for (const actor of elders.slice(0, count)) actor.side = 'attacker';
}
