import { stolenKeysAttack } from './other-rules.ts';
import type { Case, Finding, Parameters } from './scenario.ts';

/** What an attack on one release came to under one rule: `fell` too where the client is shown both builds. */
export type Fate = 'fell' | 'stopped' | 'held';

/** An attack that made one release fall. */
export interface Compromise {
  readonly attack: string;
  /** The fewest keys that the rule asked of it. */
  readonly keys: number;
  readonly machineMonths: number;
  /** From the announcement until honest and false answers can be compared; null when they never can. */
  readonly hoursToSee: number | null;
}

/** How one rule stood in all attacks that are paid in machine-months. */
export interface Rule {
  readonly rule: string;
  readonly attacks: readonly { readonly machineMonths: number; readonly fate: Fate }[];
  /** The cheapest attack that it fell to; null when it fell to none. */
  readonly cheapest: Compromise | null;
}

type Paid = Case & { readonly machineMonths: number };

/** This count beside the other rules, on the same attacks; none when no attack was paid in machine-months. */
export function rulesOf(findings: readonly Finding[], parameters: Parameters): Rule[] {
  const cases = findings.flatMap((finding) => finding.cases).filter(isPaid);
  if (cases.length === 0) return [];
  const { threshold, todayKeys } = parameters;
  const stolen = stolenKeysAttack(parameters);
  const names = todayKeys === 1 ? 'one stolen key' : `${todayKeys} stolen keys`;
  return [
    ruleOf('this count', cases, ({ installed, attackersEligible }) => [installed, attackersEligible]),
    ruleOf(`${threshold} of anybody`, cases, (each) => [each.threshold, threshold]),
    ruleOf('majority of nodes', cases, ({ majority, answers }) => [majority, answers.honest + 1]),
    {
      rule: names,
      attacks: [{ machineMonths: stolen.machineMonths, fate: 'fell' }],
      cheapest: { attack: `today's way: ${names}`, keys: todayKeys, ...stolen },
    },
  ];
}

function isPaid(each: Case): each is Paid {
  return each.machineMonths !== null;
}

/** One rule over the attacks, by what it let clients install and how many keys it asked for. */
function ruleOf(
  rule: string,
  cases: readonly Paid[],
  judge: (each: Paid) => readonly [outcome: string, keys: number],
): Rule {
  const judged = cases.map((each) => {
    const [outcome, keys] = judge(each);
    return { fate: fateOf(outcome), keys, each };
  });
  const [first] = judged
    .filter(({ fate }) => fate === 'fell')
    .sort((left, right) => left.each.machineMonths - right.each.machineMonths || left.keys - right.keys);
  return {
    rule,
    attacks: judged.map(({ fate, each }) => ({ machineMonths: each.machineMonths, fate })),
    cheapest:
      first === undefined
        ? null
        : {
            attack: first.each.case,
            keys: first.keys,
            machineMonths: first.each.machineMonths,
            hoursToSee: first.each.hoursToSee,
          },
  };
}

function fateOf(outcome: string): Fate {
  if (outcome === 'good') return 'held';
  return outcome === 'bad' || outcome === 'both' ? 'fell' : 'stopped';
}
