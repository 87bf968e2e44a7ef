import { type Actor, badOf, goodOf, Network, type Running } from './network.ts';
import { hexOf } from './random.ts';
import type { Case, Finding, Parameters, Point } from './scenario.ts';
import { electorateOf, strike, wouldWin } from './strike.ts';

/** Every scenario by its name. */
export const SCENARIOS: Readonly<Record<string, (parameters: Parameters) => Finding>> = {
  sybil,
  patient,
  freeloaders,
  poisoners,
  founders: boughtFounders,
  colluders,
  laptops,
};

const MONTH_DAYS = 30;

function established(parameters: Parameters, name: string): Network {
  const { founders, members, ageDays } = parameters;
  return new Network({ seed: `${parameters.seed} ${name}`, founders, members, ageDays });
}

function joinAll(network: Network, count: number, side: 'honest' | 'attacker', isActive = true): void {
  for (let at = 0; at < count; at += 1) network.join(network.seed, side, isActive);
}

function point(network: Network): Point {
  const { eligible, attackersEligible } = electorateOf(network);
  return { day: network.today, eligible, attackers: attackersEligible };
}

/** One ordinary day with one release. */
function ordinaryDay(network: Network): Running[] {
  const fresh = network.day(1);
  network.rest(fresh);
  return fresh;
}

function hit(network: Network, name: string, isUrgent = false): Case {
  const [release] = network.day(1, isUrgent);
  if (release === undefined) throw new Error('a day with one release has none');
  return { case: name, ...strike(network, release) };
}

function finding(
  scenario: string,
  entries: number,
  cases: readonly Case[],
  series: readonly Point[] = [],
  figures: Finding['figures'] = {},
): Finding {
  return { scenario, entries, cases, series, figures };
}

/**
 * A flood: at once by all its keys, and with patience: as many as can build and serve at a time, one lot after
 * another, until the panel of some release falls to them.
 */
function sybil(parameters: Parameters): Finding {
  const { flood, floodActive, floodDays, honestNewcomers } = parameters;
  const rash = established(parameters, 'sybil');
  joinAll(rash, flood, 'attacker');
  const atOnce = hit(rash, `${flood} new keys vote at once`);
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
    const [release] = network.day(1);
    if (release === undefined) break;
    if (wouldWin(network, release)) {
      won = { case: 'patient flood, at the first panel that it wins', ...strike(network, release) };
    } else network.rest([release]);
    const now = point(network);
    if (network.today % 10 === 0) series.push(now);
    if (now.attackers * 2 >= now.eligible) figures['half of the eligible, day'] ??= network.today;
    if (now.attackers * 3 >= now.eligible * 2) figures['two thirds of the eligible, day'] ??= network.today;
  }
  won ??= hit(network, `patient flood, after ${floodDays} days in which it won no panel`);
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

/** Attackers that build and serve honestly for months, each an operator and a network of its own, and then strike. */
function patient(parameters: Parameters): Finding {
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
    cases.push(hit(network, `${parameters.attackers} attackers, ${months} months`));
    entries += network.tally.size;
  }
  return finding('patient', entries, cases, series);
}

/** Nodes that build nothing and take what was published first; one attacker publishes first. */
function freeloaders(parameters: Parameters): Finding {
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
  const [release] = network.day(1);
  if (release === undefined) throw new Error('a day with one release has none');
  network.onClosed = (running) => {
    if (running === release) network.commitLate(running, mirrors, badOf(running.digest));
  };
  const before = network.tally.refusedTotal;
  const outcome = strike(network, release, { honest: 0, false: parameters.mirrors });
  const weight = mirrors.filter(({ key }) => {
    const life = network.tally.builders.get(key)?.life;
    return life?.eligible === true || (life?.tenure.builds ?? 0) > 0;
  }).length;
  const figures = { refusedCopies: network.tally.refusedTotal - before, mirrorsWithARecord: weight };
  const name = `one attacker, copied by ${parameters.mirrors} mirrors`;
  return finding('freeloaders', network.tally.size, [{ case: name, ...outcome }], [], figures);
}

/** Elders who turned, in the short windows of an urgent release, while some of the honest are away. */
function poisoners(parameters: Parameters): Finding {
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
      ...hit(network, `${count} of ${parameters.members} elders, ${away.size} honest ones away`, true),
      machineMonths: null,
    });
    entries += network.tally.size;
  }
  return finding('poisoners', entries, cases);
}

/** Founders whom somebody bought: in an established network, and in a young one that has nobody else. */
function boughtFounders(parameters: Parameters): Finding {
  const cases: Case[] = [];
  let entries = 0;
  for (const members of [0, parameters.members]) {
    for (let bought = 1; bought <= parameters.founders; bought += 1) {
      const network = established({ ...parameters, members }, 'founders');
      turn([...network.active].slice(0, bought));
      for (let day = 0; day < 10; day += 1) ordinaryDay(network);
      cases.push({
        ...hit(network, `${bought} of ${parameters.founders} founders, ${members} elders beside them`),
        machineMonths: null,
      });
      entries += network.tally.size;
    }
  }
  return finding('founders', entries, cases);
}

/** Many keys, one machine that builds: they share what it builds, the canaries too or not. */
function colluders(parameters: Parameters): Finding {
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
    cases.push(hit(network, `${parameters.colluders} keys, one builds; canaries are ${canaries}`));
    entries += network.tally.size;
  }
  return finding('colluders', entries, cases, [], figures);
}

/** Honest builders that are on some days and off on others: whether releases become final, and who gets in when. */
function laptops(parameters: Parameters): Finding {
  const figures: Record<string, number | null> = {};
  let entries = 0;
  for (const uptime of parameters.uptimes) {
    const network = established(parameters, `laptops ${uptime}`);
    joinAll(network, parameters.honestNewcomers, 'honest');
    const newcomers = [...network.active].slice(-parameters.honestNewcomers);
    const on = new Set<string>();
    network.behaviour = {
      outputOf: (actor, release) => (on.has(actor.key) ? goodOf(release.digest) : undefined),
      canaryOf: (actor, right) => (on.has(actor.key) ? right : undefined),
      isOn: (actor) => on.has(actor.key),
    };
    const releases: string[] = [];
    let firstDay: number | null = null;
    while (network.today < parameters.laptopDays) {
      on.clear();
      for (const { key } of network.active) if (network.random.next() < uptime) on.add(key);
      for (const { digest } of ordinaryDay(network)) releases.push(digest);
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

function turn(actors: readonly Actor[]): void {
  for (const actor of actors) actor.side = 'attacker';
}
