import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { contextOf } from './context.ts';
import { DemoError } from './demo/child.ts';
import { brokenPromises } from './demo/report.ts';
import { runDemo } from './demo/run.ts';

interface DemoArguments {
  readonly once?: boolean;
  readonly data: string;
  readonly port: string;
}

/** Adds `bitquorum demo`, which `npm start` runs. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'run a whole network on this machine: a tally, a publisher, five builders (two cheat), a client',
    )
    .option('--once', 'end when all is shown, instead of staying up until Ctrl-C')
    .option('--data <dir>', 'folder for everything; whatever it holds is deleted first', '.data/demo')
    .option('--port <port>', 'port of the dashboard; 0 lets the system choose', '0')
    .action(demoAction);
}

async function demoAction(args: DemoArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const folder = resolve(args.data);
  const demo = await runDemo({
    folder,
    cacheFolder: join(folder, '..', 'sources'),
    port: Number(args.port),
    output,
    signal,
  });
  try {
    const broken = brokenPromises(demo.report);
    if (output.json) output.result(demo.report, '');
    if (broken.length > 0) {
      throw new DemoError('demo-failed', `not all came true: ${broken.join('; ')}`);
    }
    if (args.once !== true) {
      output.say('  The network stays up. Ctrl-C ends it.');
      await untilAborted(signal);
    }
  } finally {
    await demo.stop();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await pause(60_000, undefined, { signal }).catch(() => undefined);
}
