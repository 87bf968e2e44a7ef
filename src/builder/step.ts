import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { BuilderError } from './errors.ts';
import { folderBytes } from './output.ts';
import { lastLines, runProcess } from './process.ts';
import type { Recipe, RecipeStep } from './recipe.ts';
import { type Sandbox, sandboxArguments } from './sandbox.ts';

const MIB = 1024 * 1024;
/** Sets the umask and forbids core dumps, then becomes the program given as arguments. No data is in this text. */
const LAUNCHER = 'umask 022; ulimit -c 0; exec "$@"';

/** Where and until when the steps of one rebuild run. */
export interface StepPlace {
  /** Undefined: the steps run unsandboxed, which the caller has been trusted to do. */
  readonly sandbox: Sandbox | undefined;
  readonly buildFolder: string;
  /** The folder that holds the build folder and, without a sandbox, the home and temporary folders. */
  readonly work: string;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * Runs one step to its end with the fixed environment. Throws `step-failed` with the last lines of its output, or
 * `limit` when it was stopped for its time or for the disk it used.
 */
export async function runStep(recipe: Recipe, step: RecipeStep, place: StepPlace): Promise<void> {
  const { command, args, env } = await commandOf(recipe, step, place);
  const most = recipe.limits.diskMiB * MIB;
  const watch = async (): Promise<string | undefined> =>
    (await folderBytes(place.work, most)) > most ? `it filled diskMiB = ${recipe.limits.diskMiB}` : undefined;
  const result = await runProcess(command, args, {
    cwd: place.sandbox === undefined ? join(place.buildFolder, step.cwd) : place.buildFolder,
    env,
    signal: place.signal,
    timeoutSeconds: Math.max(0.001, (place.deadline - performance.now()) / 1000),
    watch,
  });
  place.signal.throwIfAborted();
  const tooMuch = result.reason ?? (await watch());
  if (result.ended === 'timeout') {
    throw new BuilderError(
      'limit',
      `step "${step.name}" was stopped: the steps took more than seconds = ${recipe.limits.seconds}`,
    );
  }
  if (tooMuch !== undefined) throw new BuilderError('limit', `step "${step.name}" was stopped: ${tooMuch}`);
  if (result.code !== 0) {
    const words = lastLines(result.tail, 20) || '(it printed nothing)';
    throw new BuilderError(
      'step-failed',
      `step "${step.name}" ended with ${result.code ?? 'a signal'}:\n${words}`,
    );
  }
}

async function commandOf(
  recipe: Recipe,
  step: RecipeStep,
  place: StepPlace,
): Promise<{ command: string; args: string[]; env: Record<string, string> }> {
  const [, ...args] = step.run;
  const env: Record<string, string> = {
    ...recipe.environment,
    SOURCE_DATE_EPOCH: String(recipe.sourceDateEpoch),
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    NODE_OPTIONS: `--max-old-space-size=${recipe.limits.memoryMiB}`,
  };
  if (place.sandbox !== undefined) {
    const inside = sandboxArguments(place.sandbox, place.buildFolder, step.cwd, env, args);
    return { ...launched([place.sandbox.program, ...inside]), env: {} };
  }
  const home = join(place.work, 'home');
  const temporary = join(place.work, 'tmp');
  for (const folder of [home, temporary]) await mkdir(folder, { recursive: true });
  const path = process.platform === 'win32' ? (process.env['PATH'] ?? '') : '/usr/bin:/bin';
  return {
    ...launched([process.execPath, ...args]),
    env: { ...env, PATH: path, HOME: home, TMPDIR: temporary },
  };
}

/** Starts a program under the fixed umask, by the launcher where there is a POSIX shell. */
function launched(command: readonly [string, ...string[]]): { command: string; args: string[] } {
  const [program, ...args] = command;
  if (process.platform === 'win32') return { command: program, args };
  return { command: '/bin/sh', args: ['-c', LAUNCHER, 'sh', program, ...args] };
}
