import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { printable } from '../bytes/index.ts';
import { isKeyName, NoteError } from '../note/index.ts';
import { contextOf } from './context.ts';
import { UsageError } from './exit-code.ts';
import { type Listen, parseListen } from './listen.ts';
import { loggerOf, logLevelOption } from './log-level.ts';
import { readTlogPolicy } from './trust-options.ts';

interface KeyArguments {
  readonly name: string;
  readonly out: string;
  readonly algorithm: 'ed25519' | 'ml-dsa-44';
}

interface RunArguments {
  readonly data: string;
  readonly key: readonly string[];
  readonly log?: readonly string[];
  readonly logs?: string;
  readonly listen: Listen;
  readonly logLevel: string;
}

/** `bitquorum witness key` and `bitquorum witness run`. */
export function addWitnessCommand(program: Command): void {
  const witness = program
    .command('witness')
    .description('cosign the checkpoints of logs, so that none can show two histories (C2SP tlog-witness)');
  witness
    .command('key')
    .description('make a key for a witness; its file is readable by you alone')
    .requiredOption('--name <name>', 'name of the witness, such as witness.example/w1')
    .requiredOption('--out <file>', 'new file for the private key')
    .addOption(
      new Option('--algorithm <name>', 'of its signatures')
        .choices(['ed25519', 'ml-dsa-44'])
        .default('ed25519'),
    )
    .action(keyAction);
  witness
    .command('run')
    .description('run a witness until Ctrl-C')
    .requiredOption('--data <dir>', 'where the heads cosigned last are kept; never put an older copy back')
    .requiredOption('--key <file...>', 'private key made by `witness key`; one cosignature of each is given')
    .option('--log <vkey...>', 'verifier key of a log that is cosigned; may be repeated')
    .option('--logs <file>', 'a file with their lines `log VKEY` (C2SP tlog-policy)')
    .addOption(
      new Option('--listen <host:port>', 'address to listen on')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 8081 }, '127.0.0.1:8081'),
    )
    .addOption(logLevelOption())
    .action(runAction);
}

async function keyAction({ name, out, algorithm }: KeyArguments, command: Command): Promise<void> {
  const { output } = contextOf(command);
  if (!isKeyName(name)) {
    throw new UsageError(`--name ${JSON.stringify(name)}: give 1 to 255 bytes without spaces or "+"`);
  }
  const { generateCosigner, writeCosignerFile } = await import('../witness/index.ts');
  const made = generateCosigner(name, algorithm);
  const path = resolve(out);
  await writeCosignerFile(path, made);
  output.say('Keep this file secret. Logs and their readers need the line below.');
  output.result({ vkey: made.vkey, name, algorithm, path }, made.vkey);
}

async function runAction(args: RunArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { logVerifier, readCosignerFile, startWitness } = await import('../witness/index.ts');
  const logs = await logsOf(args, logVerifier, signal);
  const cosigners = await Promise.all(args.key.map((file) => readCosignerFile(file)));
  const twice = cosigners.findIndex(({ vkey }, at) =>
    cosigners.slice(0, at).some((one) => one.vkey === vkey),
  );
  if (twice >= 0) throw new UsageError(`--key ${printable(args.key[twice] ?? '')}: this key is given twice`);
  const witness = await startWitness({
    dataFolder: args.data,
    cosigners,
    logs,
    listen: args.listen,
    logger: await loggerOf(output.quiet ? 'error' : args.logLevel),
  });
  const { url, vkeys } = witness;
  output.result({ url, vkeys, logs }, policyLines(vkeys, url).join('\n'));
  signal.addEventListener('abort', () => void witness.close(), { once: true });
  if (signal.aborted) void witness.close();
  await witness.ended;
}

async function logsOf(
  { log = [], logs }: RunArguments,
  check: (vkey: string) => unknown,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (const vkey of log) {
    try {
      check(vkey);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      throw new UsageError(`--log: ${error.message}`);
    }
  }
  const listed =
    logs === undefined ? [] : (await readTlogPolicy('--logs', logs, signal)).logs.map(({ vkey }) => vkey);
  const all = [...log, ...listed];
  if (all.length === 0) throw new UsageError('name the logs to cosign: --log VKEY, or --logs FILE');
  return all;
}

/** The lines of a trust policy that name this witness; several keys of one name are numbered. */
function policyLines(vkeys: readonly string[], url: string): string[] {
  const names = vkeys.map((vkey) => vkey.slice(0, vkey.indexOf('+')));
  return vkeys.map((vkey, at) => {
    const name = names[at] ?? '';
    const before = names.slice(0, at).filter((other) => other === name).length;
    return `witness ${name}${before === 0 ? '' : `-${before + 1}`} ${vkey} ${url}`;
  });
}
