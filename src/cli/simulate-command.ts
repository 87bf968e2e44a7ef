import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import {
  DEFAULTS,
  type Finding,
  type Parameters,
  pageOf,
  plotOf,
  SCENARIOS,
  tableOf,
} from '../simulate/index.ts';
import { contextOf } from './context.ts';
import { collect } from './endpoint.ts';
import { UsageError } from './exit-code.ts';

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
  const findings: Finding[] = [];
  for (const name of names.length === 0 ? Object.keys(SCENARIOS) : names) {
    const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
    if (scenario === undefined) {
      throw new UsageError(
        `no scenario ${JSON.stringify(name)}; there are ${Object.keys(SCENARIOS).join(', ')}`,
      );
    }
    output.say(`${name} …`);
    findings.push(scenario(parameters));
    // Lets Ctrl-C through between two scenarios.
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
  if (args.write !== undefined) await writePage(args.write, findings, parameters);
  output.result({ parameters, findings }, tableOf(findings).trimEnd());
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

/** Puts the tables between the marks of a page, and the plots into a folder named like it. */
async function writePage(page: string, findings: readonly Finding[], parameters: Parameters): Promise<void> {
  const before = await readFile(page, 'utf8');
  const from = before.indexOf(BEGIN);
  const to = before.indexOf(END);
  if (from < 0 || to < from) throw new UsageError(`${page} lacks the lines ${BEGIN} and ${END}`);
  const folder = basename(page, '.md');
  await mkdir(join(dirname(page), folder), { recursive: true });
  for (const finding of findings) {
    const plot = plotOf(finding);
    if (plot !== undefined) await writeFile(join(dirname(page), folder, `${finding.scenario}.svg`), plot);
  }
  const text = pageOf(findings, parameters, folder);
  await writeFile(page, `${before.slice(0, from)}${BEGIN}\n\n${text}\n${before.slice(to)}`);
}
