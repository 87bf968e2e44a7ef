import { LEFT, pictureOf, RIGHT } from './plot.ts';
import type { Fate, Rule } from './rules.ts';

const TOP = 44;
const ROW = 52;

const TICKS = [0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
const MARKS: Readonly<Record<Fate, string>> = {
  held: 'r="6" fill="none" stroke="#1b6" stroke-width="2"',
  stopped: 'r="4" fill="#d80"',
  fell: 'r="4" fill="#c33"',
};
const FATES = ['held', 'stopped', 'fell'] as const;

/** A picture (SVG) of what each attack cost, a row a rule, and whether the rule held. Logarithmic, from 0. */
export function costPlotOf(rules: readonly Rule[]): string {
  const most = Math.max(1, ...rules.flatMap(({ attacks }) => attacks.map((each) => each.machineMonths)));
  const x = (months: number) => Math.round(LEFT + (Math.log1p(months) / Math.log1p(most)) * (RIGHT - LEFT));
  const legend = FATES.flatMap((fate, at) => {
    const left = LEFT + 6 + at * 90;
    return [`<circle cx="${left}" cy="16" ${MARKS[fate]}/>`, text(left + 12, 20, fate)];
  });
  const rows = rules.flatMap(({ rule, attacks, cheapest }, at) => [
    text(LEFT, rowAt(at), `${rule}: ${cheapest === null ? 'never fell' : costOf(cheapest.machineMonths)}`),
    `<path d="M${LEFT} ${rowAt(at) + 18}H${RIGHT}" stroke="#ccc"/>`,
    // The worst lies on top.
    ...FATES.flatMap((fate) =>
      [...new Set(attacks.filter((each) => each.fate === fate).map((each) => x(each.machineMonths)))].map(
        (left) => `<circle cx="${left}" cy="${rowAt(at) + 18}" ${MARKS[fate]}/>`,
      ),
    ),
  ]);
  const ticks = TICKS.filter((tick) => tick <= most);
  return framed('attacks on one release by their cost in machine-months', rules, [
    ...legend,
    text(RIGHT, 20, 'attacks on one release by machine-months', 'end'),
    ...rows,
    ...scaleOf(rules, ticks, x),
  ]);
}

/** A picture (SVG) of how long it takes to see the cheapest attack that each rule falls to. */
export function detectionPlotOf(rules: readonly Rule[]): string {
  const hours = rules.flatMap(({ cheapest }) => cheapest?.hoursToSee ?? []);
  const most = Math.max(1, ...hours);
  // A bar without an end, for what nobody ever sees, is longer than all others.
  const x = (after: number) => Math.round(LEFT + (after / (most * 1.5)) * (RIGHT - LEFT));
  const rows = rules.flatMap(({ rule, cheapest }, at) => {
    const seen = cheapest?.hoursToSee ?? null;
    const label = text(LEFT, rowAt(at), `${rule}: ${cheapest === null ? 'never fell' : seenOf(seen)}`);
    if (cheapest === null) return [label];
    const bar = `<rect x="${LEFT}" y="${rowAt(at) + 8}" height="18" `;
    return seen === null
      ? [label, `${bar}width="${RIGHT - LEFT}" fill="#fff" stroke="#c33" stroke-dasharray="6 4"/>`]
      : [label, `${bar}width="${x(seen) - LEFT}" fill="#1b6"/>`];
  });
  return framed('hours until the cheapest compromise of one release can be seen', rules, [
    text(LEFT, 20, 'hours from the announcement until the cheapest attack that wins can be seen'),
    ...rows,
    ...scaleOf(rules, [0, most], x),
  ]);
}

/** Cost in words, for a row of a picture. */
function costOf(machineMonths: number): string {
  return `cheapest win ${machineMonths} machine-months`;
}

function seenOf(hours: number | null): string {
  return hours === null ? 'never seen' : `seen after ${hours} h`;
}

function rowAt(at: number): number {
  return TOP + 12 + at * ROW;
}

function scaleOf(rules: readonly Rule[], ticks: readonly number[], x: (value: number) => number): string[] {
  const bottom = TOP + rules.length * ROW;
  return [
    `<path d="M${LEFT} ${bottom}H${RIGHT}" stroke="#555"/>`,
    ...ticks.map((tick) => text(x(tick), bottom + 18, String(tick), 'middle')),
  ];
}

function text(x: number, y: number, words: string, anchor = 'start'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${words}</text>`;
}

function framed(title: string, rules: readonly Rule[], lines: readonly string[]): string {
  return pictureOf(title, TOP + rules.length * ROW + 30, lines);
}
