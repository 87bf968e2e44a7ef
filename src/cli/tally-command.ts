import { type Command, Option } from 'commander';
import { CodedError, printable } from '../bytes/index.ts';
import { readKeyFile } from '../statement/index.ts';
import { parsePolicyToml } from '../tally/index.ts';
import { contextOf } from './context.ts';
import { type Listen, parseListen } from './listen.ts';
import { loggerOf, logLevelOption } from './log-level.ts';
import { ofFile } from './of-file.ts';
import { ownAddressOption } from './own-address.ts';
import { readSmallText } from './read-small.ts';
import { addBackupCommands, backupDaily } from './tally-backup.ts';
import { readTlogPolicy } from './trust-options.ts';

interface InitArguments {
  readonly data: string;
  readonly policy: string;
  readonly founderKey: readonly string[];
  readonly origin?: string;
}

interface RunArguments {
  readonly data: string;
  readonly listen: Listen;
  readonly publicUrl?: string;
  readonly trustedProxy?: readonly string[];
  readonly auditAddress?: string;
  readonly witnessPolicy?: string;
  readonly backup?: string;
  readonly logLevel: string;
}

/** `bitquorum tally init`, `run`, `backup` and `restore`. */
export function addTallyCommand(program: Command): void {
  const tally = program
    .command('tally')
    .description('make and run a tally: log, tracker, audits and dashboard');
  tally
    .command('init')
    .description('make the data folder of a new tally: a log key, and the policy as its first entry')
    .requiredOption('--data <dir>', 'folder to make')
    .requiredOption('--policy <file>', 'the policy (TOML)')
    .requiredOption(
      '--founder-key <file...>',
      'private key of a founder who signs the policy; may be repeated',
    )
    .option('--origin <name>', 'unique name of the log; drawn at random when not given')
    .action(initAction);
  tally
    .command('run')
    .description('run the tally of a data folder until Ctrl-C')
    .requiredOption('--data <dir>', 'folder that `tally init` made')
    .addOption(
      new Option('--listen <host:port>', 'address to listen on')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 8080 }, '127.0.0.1:8080'),
    )
    .option('--public-url <url>', 'how others reach this tally, when it is not its own address')
    .option('--trusted-proxy <address...>', 'proxy whose X-Forwarded-For is believed (its rightmost hop)')
    .addOption(ownAddressOption('--audit-address', 'local address from which seeders are audited'))
    .option(
      '--witness-policy <file>',
      'witnesses that cosign each checkpoint before it is published, and their quorum (C2SP tlog-policy)',
    )
    .option(
      '--backup <dir>',
      'write a backup into this folder at the start and once a day, each in a folder of its own',
    )
    .addOption(logLevelOption())
    .action(runAction);
  addBackupCommands(tally);
}

async function initAction(args: InitArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { initTally } = await import('../service/index.ts');
  const policyToml = await readSmallText(args.policy, 'policy', signal);
  ofFile(args.policy, () => parsePolicyToml(policyToml));
  const founders = await Promise.all(args.founderKey.map((file) => readKeyFile(file)));
  const inited = await initTally({
    dataFolder: args.data,
    policyToml,
    founders,
    ...(args.origin !== undefined && { origin: args.origin }),
  }).catch((error: unknown) => {
    if (!(error instanceof CodedError) || error.code !== 'wrong-signer') throw error;
    const todo = '`bitquorum --json key show FILE` prints what "founders" must name of each --founder-key';
    throw new CodedError(error.code, `${printable(args.policy)}: ${error.message}: ${todo}`, {
      cause: error,
    });
  });
  output.result(
    { data: args.data, ...inited },
    `tally   ${inited.origin}\nlog key ${inited.vkey}\nrun it  bitquorum tally run --data ${args.data}`,
  );
}

async function runAction(args: RunArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  // Loaded here, so that the other commands start without the whole service.
  const { startTally } = await import('../service/index.ts');
  const tally = await startTally({
    dataFolder: args.data,
    listen: args.listen,
    logger: await loggerOf(output.quiet ? 'error' : args.logLevel),
    signal,
    ...(args.publicUrl !== undefined && { publicUrl: args.publicUrl }),
    ...(args.trustedProxy !== undefined && { trustedProxies: args.trustedProxy }),
    ...(args.auditAddress !== undefined && { auditAddress: args.auditAddress }),
    ...(args.witnessPolicy !== undefined && {
      witnesses: await readTlogPolicy('--witness-policy', args.witnessPolicy, signal),
    }),
  });
  const { url, publicUrl, origin, logKey } = tally;
  output.result(
    { url, publicUrl, origin, logKey },
    `tally     ${origin}\nlog key   ${logKey}\ndashboard ${url}/`,
  );
  const stopBackups =
    args.backup === undefined
      ? undefined
      : await backupDaily(tally, args.backup, (text) => output.complain(text)).catch(
          async (error: unknown) => {
            await tally.close();
            throw error;
          },
        );
  await tally.ended.finally(stopBackups);
}
