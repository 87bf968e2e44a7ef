import { isIPv4, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { announceUrlOf, type BuilderEvent, defaultCacheFolder, runBuilder } from '../builder/index.ts';
import { printable } from '../bytes/index.ts';
import { readKeyFile } from '../statement/index.ts';
import { addBuilderKeyCommands } from './builder-key-command.ts';
import { contextOf } from './context.ts';
import { collect, parsePublicAddress } from './endpoint.ts';
import type { Output } from './output.ts';
import { ownAddressOption } from './own-address.ts';
import { progressWords } from './rebuild-command.ts';
import { addTallyOptions, parseHostPort, requireTally, type TallyArguments } from './tally-options.ts';

interface RunArguments extends TallyArguments {
  readonly key: string;
  readonly data: string;
  readonly cache: string;
  readonly listen: string;
  readonly publicAddress?: readonly string[];
  readonly localAddress?: string;
  readonly operator?: string;
  readonly prefix?: readonly string[];
  readonly trustRelease?: boolean;
}

/** Adds `bitquorum builder run`, `announce-url`, `rotate` and `revoke`. */
export function addBuilderCommand(program: Command): void {
  const builder = program.command('builder').description('rebuild releases, vote by seeding them');
  const run = builder
    .command('run')
    .description('run a builder until Ctrl-C: register, rebuild, commit, vote, seed')
    .requiredOption('--key <file>', "the builder's private key (bitquorum key new)")
    .requiredOption('--data <dir>', 'its records and artifacts; keep them: they open its commitments')
    .option('--cache <dir>', 'where source archives are kept', defaultCacheFolder(process.env))
    .option('--listen <host[:port]>', 'where it listens for peers; port 0 is any', '127.0.0.1')
    .option(
      '--public-address <host:port>',
      'where others reach it, if behind NAT: then it proves its key there too; may be given several times',
      collect,
    )
    .addOption(
      ownAddressOption(
        '--local-address',
        'address that it connects and announces from; that of --listen if not given',
      ),
    )
    .option('--operator <name>', "who runs it; the key's name if not given")
    .option('--prefix <cidr>', 'network prefix that it declares as its own; may be given 4 times', collect)
    .option('--trust-release', 'run the steps without a sandbox where there is none');
  addTallyOptions(run).action(runAction);
  const url = builder
    .command('announce-url')
    .description(
      "print the builder's own announce URL, for a torrent client that seeds in its name: a secret",
    )
    .requiredOption('--key <file>', "the builder's private key");
  addTallyOptions(url).action(announceUrlAction);
  addBuilderKeyCommands(builder);
}

async function announceUrlAction(args: TallyArguments & { key: string }, command: Command): Promise<void> {
  const { output } = contextOf(command);
  const { tally, logKey } = requireTally(args);
  const signer = await readKeyFile(args.key);
  const announceUrl = announceUrlOf(tally, logKey, signer);
  output.say('Whoever has this URL can announce in the name of this builder: keep it secret.');
  output.result({ announceUrl }, announceUrl);
}

async function runAction(args: RunArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const listen = parseHostPort(args.listen);
  const localAddress = args.localAddress ?? usableSource(listen.host);
  await runBuilder({
    ...requireTally(args),
    signer: await readKeyFile(args.key),
    dataFolder: resolve(args.data),
    cacheFolder: resolve(args.cache),
    listen,
    signal,
    onEvent: (event) => tell(output, event),
    ...(localAddress !== undefined && { localAddress }),
    ...(args.publicAddress !== undefined && { publicAddresses: args.publicAddress.map(parsePublicAddress) }),
    ...(args.operator !== undefined && { operator: args.operator }),
    ...(args.prefix !== undefined && { prefixes: args.prefix }),
    ...(args.trustRelease !== undefined && { trusted: args.trustRelease }),
  });
}

/** The listening address as a source address, unless it stands for all addresses. */
function usableSource(host: string): string | undefined {
  if (isIPv4(host)) return host === '0.0.0.0' ? undefined : host;
  return isIPv6(host) && host !== '::' ? host : undefined;
}

function tell(output: Output, event: BuilderEvent): void {
  if (output.json) output.result(event, '');
  else output.say(words(event, output));
}

function words(event: BuilderEvent, output: Output): string {
  const { colors } = output;
  const name = 'package' in event ? `${printable(event.package)}: ` : '';
  switch (event.event) {
    case 'listening':
      return `listening for peers on ${event.host}:${event.port}`;
    case 'registered':
      return `registered as ${printable(event.operator)} (${event.key.slice(0, 12)}…), entry ${event.index}`;
    case 'building':
      return `${name}rebuilding`;
    case 'progress':
      return `${name}${progressWords(event.progress, output)}`;
    case 'built':
      return `${name}built ${event.infoHashV2}`;
    case 'committed':
      return `${name}committed, entry ${event.index}`;
    case 'voted':
      return `${name}voted for ${event.infoHashV2}, entry ${event.index}`;
    case 'opened-late':
      return event.matches
        ? `${name}opened late, entry ${event.index}: it is no vote and no build, and costs nothing more`
        : colors.yellow(
            `${name}opened late, entry ${event.index}, to something else than the verdict: that ends its tenure`,
          );
    case 'unopened':
      return colors.yellow(
        `${name}the commitment of entry ${event.index} was not opened in time: ${unopenedWords(event)}`,
      );
    case 'stopped':
      return colors.yellow(`${name}taken down, so ${event.infoHashV2} is seeded no more`);
    case 'seeding':
      return `${name}seeding ${event.infoHashV2}`;
    case 'failed':
      return colors.yellow(`${name}could not be built: ${printable(event.reason)}`);
    case 'missed':
      return colors.yellow(`${name}${printable(event.reason)}`);
    case 'verdict':
      return colors.green(`${name}${event.state}${event.winner === null ? '' : `, winner ${event.winner}`}`);
    case 'trouble':
      return colors.yellow(`will try again: ${printable(event.reason)}`);
  }
}

function unopenedWords({ opens, dueMs }: Extract<BuilderEvent, { event: 'unopened' }>): string {
  const day = new Date(dueMs).toISOString().slice(0, 10);
  return opens
    ? `opening it now; not opened by ${day}, it would end this builder's tenure (a founder is suspended)`
    : `this data folder does not hold what opens it, so it ends this builder's tenure on ${day} (a founder is suspended); ` +
        'if another folder does, run the builder with that one';
}
