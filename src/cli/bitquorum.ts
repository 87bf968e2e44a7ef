import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { CodedError } from '../bytes/index.ts';
import { interrupted, watchSignals } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Output } from './output.ts';
import { addTorrentCommand } from './torrent-command.ts';

const EXIT_CODE_HELP = `
Exit codes: 0 done; 1 failed; 2 usage; 3 no winner or quorum not met;
            4 hash or signature mismatch; 130 interrupted.
Set NO_COLOR to turn colours off.`;

/** Error codes that end with another exit code than 1. */
const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = {
  usage: EXIT.usage,
  'no-winner': EXIT.noWinner,
  mismatch: EXIT.mismatch,
};

watchSignals();
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<ExitCode> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv);
    return interrupted.aborted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    return report(error);
  }
}

function buildProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('bitquorum')
    .description('Reproducible builds, voted on over BitTorrent v2.')
    .version(version, '--version', 'print the version')
    .option('--json', 'print one JSON document or JSON lines on standard output')
    .option('--quiet', 'print no progress')
    .helpOption('--help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EXIT_CODE_HELP);
  addTorrentCommand(program);
  return program;
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
  return process.env['BITQUORUM_DEBUG'] ? (error.stack ?? error.message) : error.message;
}
