import { lstat, readlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { type ProcessResult, runProcess } from './process.ts';

/** Where a step sees the build folder: the fixed path in the sandbox, else the folder itself. */
export const SANDBOX_BUILD_FOLDER = '/build';
const SANDBOX_NODE = '/tools/bin/node';
/** Size of the sandbox's `/tmp` and `/dev/shm` each, which live in memory. */
const TEMPORARY_BYTES = 256 * 1024 * 1024;
const PROBE_SECONDS = 10;

/**
 * A working bubblewrap, with arguments that show the host's system folders read-only and, where this version knows how
 * (0.8), forbid further user namespaces inside.
 */
export interface Sandbox {
  readonly program: string;
  readonly systemArguments: readonly string[];
}

/** Finds bubblewrap and tries it once; the reason in words when this machine has no working sandbox. */
export async function findSandbox(signal: AbortSignal): Promise<Sandbox | { readonly missing: string }> {
  if (process.platform !== 'linux') return { missing: `there is no sandbox for ${process.platform} yet` };
  const program = await onPath('bwrap');
  if (program === undefined) return { missing: 'bubblewrap (bwrap) is not installed' };
  const shown = await systemArguments();
  let trial: ProcessResult | undefined;
  for (const hardening of [['--disable-userns'], []]) {
    const sandbox = { program, systemArguments: [...hardening, ...shown] };
    trial = await runProcess(program, [...isolation(sandbox), '--', SANDBOX_NODE, '--version'], {
      cwd: '/',
      env: {},
      signal,
      timeoutSeconds: PROBE_SECONDS,
    });
    signal.throwIfAborted();
    if (trial.code === 0) return sandbox;
  }
  return {
    missing: `bubblewrap cannot make a sandbox here (${trial?.tail.split('\n').at(-1) ?? 'no reason'})`,
  };
}

/**
 * Arguments for bubblewrap that run `node` with `args` on the build folder: no network, no processes, users or
 * files of the host but its read-only system folders, an empty `/tmp`, an environment of exactly `env`, no
 * capabilities, no terminal, and an end together with its parent.
 */
export function sandboxArguments(
  sandbox: Sandbox,
  buildFolder: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): string[] {
  const inside = cwd === '.' ? SANDBOX_BUILD_FOLDER : `${SANDBOX_BUILD_FOLDER}/${cwd}`;
  const all = {
    ...env,
    PATH: '/tools/bin:/usr/bin:/bin',
    HOME: '/tmp/home',
    TMPDIR: '/tmp',
  };
  const setEnvironment = Object.entries(all).flatMap(([name, value]) => ['--setenv', name, value]);
  const place = ['--bind', buildFolder, SANDBOX_BUILD_FOLDER, '--remount-ro', '/', '--chdir', inside];
  return [...isolation(sandbox), ...setEnvironment, ...place, '--', SANDBOX_NODE, ...args];
}

function isolation(sandbox: Sandbox): string[] {
  const alone = '--unshare-all --unshare-user --uid 1000 --gid 1000 --hostname builder'.split(' ');
  const bounds = '--die-with-parent --new-session --clearenv --cap-drop ALL'.split(' ');
  const node = ['--ro-bind', process.execPath, SANDBOX_NODE];
  const memory = ['/dev/shm', '/tmp'].flatMap((path) => ['--size', String(TEMPORARY_BYTES), '--tmpfs', path]);
  // Bubblewrap's own /dev is a file system in memory as well, as large as half of it.
  const own = ['--proc', '/proc', '--dev', '/dev', ...memory, '--remount-ro', '/dev', '--dir', '/tmp/home'];
  return [...alone, ...bounds, ...sandbox.systemArguments, ...node, ...own];
}

/** `/usr` and what merges into it; `/etc` stays out, but for the loader's cache and alternatives' links. */
async function systemArguments(): Promise<string[]> {
  const args = ['--ro-bind', '/usr', '/usr'];
  for (const folder of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    const found = await lstat(folder).catch(() => undefined); // absent on this system: not shown
    if (found?.isSymbolicLink()) args.push('--symlink', await readlink(folder), folder);
    else if (found?.isDirectory()) args.push('--ro-bind', folder, folder);
  }
  for (const path of ['/etc/ld.so.cache', '/etc/alternatives']) args.push('--ro-bind-try', path, path);
  return args;
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!folder.startsWith('/')) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined); // not in this folder: the next one is asked
    if (found !== undefined && !found.isDirectory()) return path;
  }
  return undefined;
}
