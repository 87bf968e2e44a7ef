import { type Rule, rulesOf } from './rules.ts';
import type { Case, Finding, Parameters } from './scenario.ts';

const HEADS = [
  'attack on one release',
  'verdict',
  'clients install',
  'seats',
  'machine-months',
  'seen after',
];

const RULE_HEADS = ['rule', 'cheapest win', 'keys', 'seen after', 'attack'];

/** Findings as Markdown tables, which read well in a terminal too. */
export function tableOf(findings: readonly Finding[], parameters: Parameters): string {
  const heads = [...HEADS, `${parameters.threshold} of anybody`, 'majority of nodes'];
  const rules = rulesOf(findings, parameters);
  const sections = findings.map((finding) => sectionOf(finding, heads));
  return [...sections, ...(rules.length > 0 ? [comparisonOf(rules)] : [])].join('\n');
}

/** The generated part of docs/security-model.md: how it was made, the tables, the pictures. */
export function pageOf(findings: readonly Finding[], parameters: Parameters, folder: string): string {
  const entries = findings.reduce((sum, finding) => sum + finding.entries, 0);
  const pictures = findings
    .filter(({ series }) => series.length > 0)
    .map(({ scenario }) => `![${scenario}: eligible builders by day](${folder}/${scenario}.svg)`);
  if (rulesOf(findings, parameters).length > 0) {
    pictures.push(
      `![attacks on one release by their cost in machine-months](${folder}/cost.svg)`,
      `![hours until the cheapest compromise can be seen](${folder}/detection.svg)`,
    );
  }
  return [
    `Seed \`${parameters.seed}\`; ${parameters.founders} founders, ${parameters.members} other builders admitted ${parameters.ageDays} days before; ${entries} entries counted.`,
    '',
    tableOf(findings, parameters),
    ...pictures,
    '',
  ].join('\n');
}

/** What the cheapest compromise of one release costs under each rule. */
function comparisonOf(rules: readonly Rule[]): string {
  const rows = rules.map(({ rule, cheapest }) =>
    rowOf(
      cheapest === null
        ? [rule, 'never fell', '', '', '']
        : [
            rule,
            `${cheapest.machineMonths} machine-months`,
            String(cheapest.keys),
            hoursOf(cheapest.hoursToSee),
            cheapest.attack,
          ],
    ),
  );
  return ['### rules', '', rowOf(RULE_HEADS), rowOf(RULE_HEADS.map(() => '---')), ...rows, ''].join('\n');
}

function sectionOf({ scenario, cases, figures }: Finding, heads: readonly string[]): string {
  const lines = [`### ${scenario}`, ''];
  if (cases.length > 0) {
    lines.push(rowOf(heads), rowOf(heads.map(() => '---')), ...cases.map((each) => rowOf(cellsOf(each))), '');
  }
  for (const [name, value] of Object.entries(figures)) lines.push(`- ${name}: ${value ?? 'never'}`);
  return `${lines.join('\n')}\n`;
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function cellsOf(each: Case): string[] {
  return [
    `${each.case} (day ${each.day})`,
    each.state,
    each.badProvisional ? `${each.installed}; **bad with \`--provisional\`**` : wordOf(each.installed),
    `${each.attackerSeats} of ${each.seats}`,
    each.machineMonths === null ? 'bought' : String(each.machineMonths),
    hoursOf(each.hoursToSee),
    wordOf(each.threshold),
    wordOf(each.majority),
  ];
}

function hoursOf(hours: number | null): string {
  return hours === null ? 'never' : `${hours} h`;
}

function wordOf(outcome: string): string {
  return outcome === 'bad' ? '**bad**' : outcome;
}
