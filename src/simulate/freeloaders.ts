import { badOf, goodOf } from './actor.ts';
import type { Finding, Parameters } from './scenario.ts';
import { established, finding, joinAll, ordinaryDay, released } from './scene.ts';
import { strike } from './strike.ts';

/** Nodes that build nothing and take what was published first; one attacker publishes first. */
export function freeloaders(parameters: Parameters): Finding {
  const network = established(parameters, 'freeloaders');
  joinAll(network, parameters.mirrors, 'honest');
  const mirrors = [...network.active].slice(-parameters.mirrors);
  joinAll(network, 1, 'attacker');
  const isMirror = new Set(mirrors);
  network.behaviour = {
    ...network.behaviour,
    outputOf: (actor, release) => (isMirror.has(actor) ? undefined : goodOf(release.digest)),
  };
  for (let day = 0; day < 30; day += 1) ordinaryDay(network);
  const release = released(network);
  network.onClosed = (running) => {
    if (running === release) network.commitLate(running, mirrors, badOf(running.digest));
  };
  const before = network.tally.refusedTotal;
  const outcome = strike(network, release, parameters.threshold, { honest: 0, false: parameters.mirrors });
  const weight = mirrors.filter(({ key }) => {
    const life = network.tally.builders.get(key)?.life;
    return life?.eligible === true || (life?.tenure.builds ?? 0) > 0;
  }).length;
  const figures = { refusedCopies: network.tally.refusedTotal - before, mirrorsWithARecord: weight };
  const name = `one attacker, copied by ${parameters.mirrors} mirrors`;
  return finding('freeloaders', network.tally.size, [{ case: name, ...outcome }], [], figures);
}
