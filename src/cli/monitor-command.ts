import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CodedError, printable } from '../bytes/index.ts';
import { defaultStateFolder } from '../client/index.ts';
import type { Monitor, MonitorEvent } from '../monitor/index.ts';
import { readKeyFile } from '../statement/index.ts';
import { contextOf } from './context.ts';
import { type Listen, parseListen } from './listen.ts';
import type { Output } from './output.ts';
import { formatCount } from './size.ts';
import { requireTally } from './tally-options.ts';
import { readTlogPolicy } from './trust-options.ts';

interface MonitorArguments {
  readonly tally?: string;
  readonly logKey?: string;
  readonly state: string;
  readonly once?: boolean;
  readonly stopOnAlarm?: boolean;
  readonly every: number;
  readonly witnessPolicy?: string;
  readonly view?: readonly string[];
  readonly key?: string;
  readonly listen?: Listen;
}

/** The log was reached, and something about it is wrong: exit code 4. */
class AlarmError extends CodedError<'mismatch'> {
  constructor(kinds: Iterable<string>) {
    super(
      'mismatch',
      `alarms are raised about this log: ${[...kinds].join(', ')}. Do not trust it before you know why`,
    );
  }
}

/** `bitquorum monitor`. */
export function addMonitorCommand(program: Command): void {
  program
    .command('monitor')
    .description(
      'follow a log, compute again all that it says, keep proof of what is wrong, sign what is right',
    )
    .addOption(new Option('--tally <url>', 'address of the tally').env('BITQUORUM_TALLY'))
    .addOption(new Option('--log-key <vkey>', "the log's verifier key").env('BITQUORUM_LOG_KEY'))
    .option('--state <dir>', 'where checkpoint, alarms, evidence and entries are kept', defaultFolder())
    .option('--once', 'look once and end: 0 all right, 4 an alarm, 1 the log was not reached')
    .option('--stop-on-alarm', 'end with exit code 4 as soon as an alarm is raised')
    .addOption(new Option('--every <seconds>', 'how often to look').argParser(parseSeconds).default(10, '10'))
    .option('--witness-policy <file>', 'whose cosignatures each checkpoint must have (C2SP tlog-policy)')
    .addOption(
      new Option(
        '--view <url...>',
        'another place that shows this log, or only its checkpoint; may be repeated',
      ).argParser(collectView),
    )
    .option('--key <file>', 'sign each state that is right, and give the signature to the tally')
    .addOption(
      new Option(
        '--listen <host:port>',
        'serve there /metrics (OpenMetrics), and /checkpoint for the --view of other monitors',
      ).argParser(parseListen),
    )
    .action(monitorAction);
}

async function monitorAction(args: MonitorArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const { tally, logKey } = requireTally(args);
  const { follow, Monitor: Opened, serveMonitor } = await import('../monitor/index.ts');
  const monitor = await Opened.open({
    tally,
    logKey,
    folder: join(resolve(args.state), createHash('sha256').update(logKey).digest('hex')),
    tell: (event) => tell(output, event),
    ...(args.witnessPolicy !== undefined && {
      witnesses: await readTlogPolicy('--witness-policy', args.witnessPolicy, signal),
    }),
    ...(args.view !== undefined && { views: args.view }),
    ...(args.key !== undefined && { signer: await readKeyFile(args.key) }),
  });
  const server = args.listen === undefined ? undefined : await serveMonitor(monitor, args.listen);
  if (server !== undefined) output.say(`listening on ${server.url}`);
  try {
    if (args.once === true) await lookOnce(monitor, signal);
    else await follow(monitor, args.every * 1000, signal, args.stopOnAlarm);
  } finally {
    await server?.close();
  }
  if (monitor.alarms.size > 0 && !signal.aborted) throw new AlarmError(monitor.alarms);
}

async function lookOnce(monitor: Monitor, signal: AbortSignal): Promise<void> {
  if (await monitor.round(signal)) return;
  if (monitor.alarms.size > 0) throw new AlarmError(monitor.alarms);
  throw new CodedError(
    'unreachable',
    'the log was not reached, or did not serve what it shows: nothing new is known of it',
  );
}

function tell(output: Output, event: MonitorEvent): void {
  if (output.json) {
    output.result(event, '');
    return;
  }
  switch (event.event) {
    case 'checked':
      return output.say(`checked ${formatCount(event.size, 'entry', 'entries')}`);
    case 'signed':
      return output.say(`signed the state of entry ${event.index}`);
    case 'trouble':
      return output.say(`trouble: ${printable(event.message)}`);
    case 'over':
      return output.say(`over: ${event.kind}: ${printable(event.message)}`);
    case 'alarm':
      return output.complain(
        `ALARM ${event.kind}: ${printable(event.message)} (evidence: ${event.evidence})`,
      );
  }
}

function defaultFolder(): string {
  return join(dirname(defaultStateFolder(process.env)), 'monitor');
}

function collectView(text: string, earlier: readonly string[] = []): string[] {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return [...earlier, text];
  throw new InvalidArgumentError('give an http or https URL');
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('give seconds, from 0.1 to 86400');
}
