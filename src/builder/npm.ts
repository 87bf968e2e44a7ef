import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { BuilderError } from './errors.ts';
import { lastLines, runProcess } from './process.ts';

const FETCH_SECONDS = 300;
const WINDOWS = process.platform === 'win32';

/**
 * Downloads packages' archives into `folder` by npm itself (`npm pack`), so that the user's own npm settings
 * (registry, proxy, credentials) hold. Scripts of packages are never run. The archives are not checked here.
 * Throws `no-npm` when there is no npm and `fetch-failed` with npm's own last words.
 */
export async function fetchByNpm(
  specs: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const [command, ...before] = await npmCommand();
  const args = [
    ...before,
    'pack',
    '--pack-destination',
    folder,
    '--ignore-scripts',
    '--json',
    '--',
    ...specs,
  ];
  const env = { ...process.env, npm_config_loglevel: 'error' } as Record<string, string>;
  const result = await runProcess(command, args, {
    cwd: folder, // an empty folder: no project's settings, and no local package that a spec could mean
    env,
    signal,
    timeoutSeconds: FETCH_SECONDS,
  });
  signal.throwIfAborted();
  if (result.code === 0) return;
  const why = result.ended === 'timeout' ? `took more than ${FETCH_SECONDS} s` : lastLines(result.tail, 12);
  throw new BuilderError(
    'fetch-failed',
    `npm could not fetch ${specs.join(', ')}: check the network and the registry that npm is set to use\n${why}`,
  );
}

/** The program and first arguments that run npm: the npm that started us, else the one on PATH. */
async function npmCommand(): Promise<[string, ...string[]]> {
  const started = process.env['npm_execpath'];
  if (started !== undefined && basename(started) === 'npm-cli.js' && (await isFile(started))) {
    return [process.execPath, started];
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const script = WINDOWS
      ? join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js')
      : await realpath(join(folder, 'npm')).catch(() => undefined); // no npm in this folder: the next one is asked
    if (script === undefined || !(await isFile(script))) continue;
    if (script.endsWith('.js')) return [process.execPath, script];
    if (await isExecutable(script)) return [script];
  }
  const beside = join(dirname(process.execPath), 'npm');
  if (!WINDOWS && (await isExecutable(beside))) return [beside];
  throw new BuilderError('no-npm', 'npm was not found on PATH: install Node with npm, then run this again');
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined); // absent is an answer here
  return found?.isFile() ?? false;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => isFile(path),
    () => false,
  );
}
