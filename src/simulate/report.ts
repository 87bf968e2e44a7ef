import type { Case, Finding, Parameters } from './scenario.ts';
import { THRESHOLD } from './strike.ts';

const HEADS = [
  'attack on one release',
  'verdict',
  'clients install',
  'seats',
  'machine-months',
  'seen after',
  `${THRESHOLD} of anybody`,
  'majority of nodes',
];

/** Findings as Markdown tables, which read well in a terminal too. */
export function tableOf(findings: readonly Finding[]): string {
  return findings.map((finding) => sectionOf(finding)).join('\n');
}

/** The generated part of docs/security-model.md: how it was made, the tables, the pictures. */
export function pageOf(findings: readonly Finding[], parameters: Parameters, folder: string): string {
  const entries = findings.reduce((sum, finding) => sum + finding.entries, 0);
  const pictures = findings
    .filter(({ series }) => series.length > 0)
    .map(({ scenario }) => `![${scenario}: eligible builders by day](${folder}/${scenario}.svg)`);
  return [
    `Seed \`${parameters.seed}\`; ${parameters.founders} founders, ${parameters.members} other builders admitted ${parameters.ageDays} days before; ${entries} entries counted.`,
    '',
    tableOf(findings),
    ...pictures,
    '',
  ].join('\n');
}

function sectionOf({ scenario, cases, figures }: Finding): string {
  const lines = [`### ${scenario}`, ''];
  if (cases.length > 0) {
    lines.push(rowOf(HEADS), rowOf(HEADS.map(() => '---')), ...cases.map((each) => rowOf(cellsOf(each))), '');
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
    each.hoursToSee === null ? 'never' : `${each.hoursToSee} h`,
    wordOf(each.threshold),
    wordOf(each.majority),
  ];
}

function wordOf(outcome: string): string {
  return outcome === 'bad' ? '**bad**' : outcome;
}
