import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../bytes/index.ts';
import {
  costPlotOf,
  DEFAULTS,
  detectionPlotOf,
  type Finding,
  type Parameters,
  pageOf,
  plotOf,
  rulesOf,
  SCENARIOS,
  tableOf,
} from '../simulate/index.ts';
import { contextOf, leaveSignalsToSystem } from './context.ts';
import { collect } from './endpoint.ts';
import { UsageError } from './exit-code.ts';
import { readSmallText } from './read-small.ts';

/** Between these lines of a page stands what the command writes. */
const BEGIN = '<!-- written by bitquorum simulate: begin -->';
const END = '<!-- written by bitquorum simulate: end -->';

interface SimulateArguments {
  readonly set?: readonly string[];
  readonly write?: string;
}

/** Adds `bitquorum simulate`. */
export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('attack a virtual network, counted by the real count, and say what each attack costs')
    .argument('[scenarios...]', `which: ${Object.keys(SCENARIOS).join(', ')}; default: all`)
    .option(
      '--set <name=value>',
      `another parameter, lists with commas; may be repeated: ${Object.keys(DEFAULTS).join(', ')}`,
      collect,
    )
    .option('--write <page>', 'write the tables into this Markdown page, the plots into a folder beside it')
    .action(simulateAction);
}

async function simulateAction(names: string[], args: SimulateArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const parameters = parametersOf(args.set ?? []);
  const scenarios = (names.length === 0 ? Object.keys(SCENARIOS) : names).map(scenarioOf);
  const page = args.write === undefined ? undefined : await openPage(args.write, signal);
  leaveSignalsToSystem(); // each scenario is computed in one piece
  const findings = scenarios.map(({ name, run }) => {
    output.say(`${name} …`);
    return run(parameters);
  });
  if (page !== undefined) await writePage(page, findings, parameters);
  const rules = rulesOf(findings, parameters);
  output.result({ parameters, findings, rules }, tableOf(findings, parameters).trimEnd());
}

function scenarioOf(name: string) {
  const run = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (run !== undefined) return { name, run };
  throw new UsageError(`no scenario ${JSON.stringify(name)}; there are ${Object.keys(SCENARIOS).join(', ')}`);
}

/** The default parameters with some changed, each as `name=value`. */
function parametersOf(changes: readonly string[]): Parameters {
  const changed: Record<string, unknown> = { ...DEFAULTS };
  for (const change of changes) {
    const at = change.indexOf('=');
    const name = change.slice(0, Math.max(0, at));
    const text = change.slice(at + 1);
    const before = Object.hasOwn(DEFAULTS, name) ? changed[name] : undefined;
    if (before === undefined) {
      throw new UsageError(
        `--set ${change}: write NAME=VALUE with one of ${Object.keys(DEFAULTS).join(', ')}`,
      );
    }
    if (typeof before === 'string') changed[name] = text;
    else
      changed[name] = Array.isArray(before)
        ? text.split(',').map((part) => numberOf(part, name))
        : numberOf(text, name);
  }
  const parameters = changed as unknown as Parameters;
  if (parameters.founders < 1 || parameters.founders > 32) throw new UsageError('--set founders: 1 to 32');
  for (const name of ['threshold', 'todayKeys'] as const) {
    if (parameters[name] < 1) throw new UsageError(`--set ${name}: 1 or more`);
  }
  return parameters;
}

const SHARES = new Set(['away', 'uptimes']);
const MOST = 100_000;

function numberOf(text: string, name: string): number {
  const value = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  const good = SHARES.has(name) ? value <= 1 : Number.isInteger(value) && value <= MOST;
  if (good) return value;
  const range = SHARES.has(name) ? 'a share from 0 to 1' : `a whole number from 0 to ${MOST}`;
  throw new UsageError(`--set ${name}: ${JSON.stringify(text)} is not ${range}`);
}

/** A page, and what of it stays: up to the first mark, and from the second one on. */
interface Page {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Reads a page before anything is computed for it. Throws a {@link UsageError} for one that cannot be filled. */
async function openPage(path: string, signal: AbortSignal): Promise<Page> {
  if (!path.endsWith('.md')) {
    throw new UsageError(
      `--write ${printable(path)}: name a Markdown page (.md); the plots go into a folder of its name without that`,
    );
  }
  const text = await readSmallText(path, 'page to write the tables into', signal);
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new UsageError(`${printable(path)} lacks the lines ${BEGIN} and ${END}`);
  return { path, before: text.slice(0, from), after: text.slice(to) };
}

/** Puts the tables between the marks of a page, and the plots into a folder named like it. */
async function writePage(
  { path, before, after }: Page,
  findings: readonly Finding[],
  parameters: Parameters,
): Promise<void> {
  const folder = basename(path, '.md');
  await mkdir(join(dirname(path), folder), { recursive: true });
  const plots = findings.map((finding) => [finding.scenario, plotOf(finding)] as const);
  const rules = rulesOf(findings, parameters);
  if (rules.length > 0) plots.push(['cost', costPlotOf(rules)], ['detection', detectionPlotOf(rules)]);
  for (const [name, plot] of plots) {
    if (plot !== undefined) await writeFile(join(dirname(path), folder, `${name}.svg`), plot);
  }
  await writeFile(`${path}.new`, `${before}${BEGIN}\n\n${pageOf(findings, parameters, folder)}\n${after}`);
  await rename(`${path}.new`, path);
}
