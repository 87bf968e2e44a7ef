import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { defaultCacheFolder } from '../builder/index.ts';
import { contextOf } from './context.ts';
import { DemoError } from './demo/child.ts';
import { requireFreePort } from './demo/free-port.ts';
import { brokenPromises } from './demo/report.ts';
import { runDemo } from './demo/run.ts';

interface DemoArguments {
  readonly once?: boolean;
  readonly data: string;
  readonly port: number;
}

/** Adds `bitquorum demo`, which `npm start` runs. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'run a whole network on this machine: a tally, a publisher, five builders (two cheat), a client',
    )
    .option('--once', 'end when all is shown, instead of staying up until Ctrl-C')
    .option(
      '--data <dir>',
      'new or empty folder, or one of an earlier demonstration, which is replaced',
      '.data/demo',
    )
    .option('--port <port>', 'port of the dashboard; 0 lets the system choose', parsePort, 0)
    .action(demoAction);
}

async function demoAction(args: DemoArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  await requireFreePort(args.port);
  const demo = await runDemo({
    folder: resolve(args.data),
    cacheFolder: defaultCacheFolder(process.env),
    port: args.port,
    output,
    signal,
  });
  try {
    const broken = brokenPromises(demo.report);
    if (output.json) output.result(demo.report, '');
    if (broken.length > 0) {
      throw new DemoError('demo-failed', `not all came true: ${broken.join('; ')}`);
    }
    if (args.once === true) {
      output.say('  The network ends here. Without --once it stays up: dashboard and magnet link with it.');
    } else {
      output.say('  The network stays up. Ctrl-C ends it.');
      await demo.stayUp();
    }
  } finally {
    await demo.stop();
  }
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('give a number from 0 to 65535');
}
