import type { Actor } from './actor.ts';
import { hexOf } from './random.ts';
import type { Case, Finding, Parameters } from './scenario.ts';
import { established, finding, hit, ordinaryDay } from './scene.ts';

/** Elders who turned, in the short windows of an urgent release, while some of the honest are away. */
export function poisoners(parameters: Parameters): Finding {
  const cases: Case[] = [];
  let entries = 0;
  for (const count of parameters.poisoners) {
    const network = established(parameters, 'poisoners');
    turn([...network.active].slice(parameters.founders, parameters.founders + count));
    for (let day = 0; day < 10; day += 1) ordinaryDay(network);
    const away = new Set(
      [...network.active].filter(
        ({ key, side }) =>
          side === 'honest' &&
          !network.founders.includes(key) &&
          Number.parseInt(hexOf(`away ${key}`).slice(0, 8), 16) < parameters.away * 0x1_0000_0000,
      ),
    );
    const { outputOf } = network.behaviour;
    network.behaviour = {
      ...network.behaviour,
      outputOf: (actor, release) =>
        release.urgent && away.has(actor) ? undefined : outputOf(actor, release),
    };
    cases.push({
      ...hit(
        network,
        `${count} of ${parameters.members} elders, ${away.size} honest ones away`,
        parameters.threshold,
        true,
      ),
      machineMonths: null,
    });
    entries += network.tally.size;
  }
  return finding('poisoners', entries, cases);
}

/** Founders whom somebody bought: in an established network, and in a young one that has nobody else. */
export function boughtFounders(parameters: Parameters): Finding {
  const cases: Case[] = [];
  let entries = 0;
  for (const members of [0, parameters.members]) {
    for (let bought = 1; bought <= parameters.founders; bought += 1) {
      const network = established({ ...parameters, members }, 'founders');
      turn([...network.active].slice(0, bought));
      for (let day = 0; day < 10; day += 1) ordinaryDay(network);
      cases.push({
        ...hit(
          network,
          `${bought} of ${parameters.founders} founders, ${members} elders beside them`,
          parameters.threshold,
        ),
        machineMonths: null,
      });
      entries += network.tally.size;
    }
  }
  return finding('founders', entries, cases);
}

function turn(actors: readonly Actor[]): void {
  for (const actor of actors) actor.side = 'attacker';
}
