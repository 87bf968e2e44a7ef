import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { CodedError, printable } from '../bytes/index.ts';
import { interrupted, watchOutput, watchSignals } from './context.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import { Output } from './output.ts';
import { requireOwnAddresses } from './own-address.ts';
import { systemWords } from './system-words.ts';

const EXIT_CODE_HELP = `
Exit codes: 0 done; 1 failed; 2 usage; 3 no winner or quorum not met;
            4 hash or signature mismatch; 130 interrupted before the end.
Set NO_COLOR to turn colours off.`;

/** Error codes that end with another exit code than 1. */
const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = {
  usage: EXIT.usage,
  'no-release-name': EXIT.usage,
  'no-tally-url': EXIT.usage,
  'no-winner': EXIT.noWinner,
  'no-quorum': EXIT.noWinner,
  mismatch: EXIT.mismatch,
  'peer-lied': EXIT.mismatch,
  'identity-wrong': EXIT.mismatch,
};

type AddCommand = (program: Command) => void;

/** The commands, each loaded only when it is needed: a start takes a tenth of a second, not a whole one. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  verify: async () => (await import('./verify-command.ts')).addVerifyCommand,
  get: async () => (await import('./get-command.ts')).addGetCommand,
  release: async () => (await import('./release-command.ts')).addReleaseCommand,
  builder: async () => (await import('./builder-command.ts')).addBuilderCommand,
  rebuild: async () => (await import('./rebuild-command.ts')).addRebuildCommand,
  tally: async () => (await import('./tally-command.ts')).addTallyCommand,
  witness: async () => (await import('./witness-command.ts')).addWitnessCommand,
  monitor: async () => (await import('./monitor-command.ts')).addMonitorCommand,
  download: async () => (await import('./download-command.ts')).addDownloadCommand,
  seed: async () => (await import('./seed-command.ts')).addSeedCommand,
  probe: async () => (await import('./probe-command.ts')).addProbeCommand,
  torrent: async () => (await import('./torrent-command.ts')).addTorrentCommand,
  statement: async () => (await import('./statement-command.ts')).addStatementCommand,
  simulate: async () => (await import('./simulate-command.ts')).addSimulateCommand,
  policy: async () => (await import('./policy-command.ts')).addPolicyCommand,
  explain: async () => (await import('./explain-command.ts')).addExplainCommand,
  key: async () => (await import('./key-command.ts')).addKeyCommand,
  demo: async () => (await import('./demo-command.ts')).addDemoCommand,
};

watchSignals();
watchOutput();
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<ExitCode> {
  try {
    refuseEmpty(argv.slice(2));
    const program = await buildProgram(argv);
    await program.parseAsync(argv);
    return EXIT.done;
  } catch (error) {
    return report(error);
  }
}

/** A variable that is not set must not turn `seed "$FILE"` into the folder where the user stands. */
function refuseEmpty(words: readonly string[]): void {
  const at = words.findIndex((word) => word === '' || /^--[a-z-]+=$/.test(word));
  if (at < 0) return;
  const place =
    words[at] || (at === 0 ? 'the first argument' : `what follows ${printable(words[at - 1] ?? '')}`);
  throw new UsageError(`${place} is empty: is a variable in it not set?`);
}

async function buildProgram(argv: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('bitquorum')
    .description('Reproducible builds, voted on over BitTorrent v2.')
    .version(version, '--version', 'print the version')
    .option('--json', 'print one JSON document or JSON lines on standard output')
    .option('--quiet', 'print no progress')
    .helpOption('--help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(--help shows what it takes)')
    .showSuggestionAfterError()
    .exitOverride()
    .hook('preAction', (_program, command) => requireOwnAddresses(command))
    .addHelpText('after', EXIT_CODE_HELP);
  for (const add of await commandsFor(argv)) add(program);
  return program;
}

/** The command that is named, or all of them for the help and for a word that is no command. */
async function commandsFor(argv: readonly string[]): Promise<AddCommand[]> {
  const named = argv.slice(2).find((word) => !word.startsWith('-'));
  const load = named !== undefined && Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  return Promise.all(load === undefined ? Object.values(COMMANDS).map(async (each) => each()) : [load()]);
}

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  const output = new Output({ json: false, quiet: false });
  if (interrupted.aborted) {
    output.complain('interrupted');
    return EXIT.interrupted;
  }
  const known = error instanceof CodedError && error.code !== 'internal';
  output.complain(known ? error.message : describe(error));
  return known ? (EXIT_OF_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
}

/** An unexpected error: its message, and its stack when BITQUORUM_DEBUG is set. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env['BITQUORUM_DEBUG']) return error.stack ?? error.message;
  return systemWords(error) ?? error.message;
}
