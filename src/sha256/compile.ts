import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { NATIVE_SOURCE } from './native.ts';

/**
 * Compiles the native part with the machine's C compiler (`CC`, else `cc`) and the headers that stand beside the Node
 * that runs this, and puts it at `path`. Throws an error that says what is missing.
 */
export function compileNative(path: string): void {
  const headers = join(dirname(dirname(realpathSync(process.execPath))), 'include', 'node');
  if (!existsSync(join(headers, 'node_api.h'))) {
    throw new Error(
      `the headers of Node ${process.version} are not at ${headers}: run npm ci, which brings them`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  const compiler = process.env['CC'] ?? 'cc';
  const made = `${path}.${process.pid}`;
  const linking = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const args = ['-O3', '-fPIC', '-shared', '-Wall', '-Wextra', '-Werror', ...linking, '-I', headers];
  const done = spawnSync(compiler, [...args, '-o', made, NATIVE_SOURCE], { encoding: 'utf8' });
  if (done.error) {
    throw new Error(
      `${compiler} cannot be run (${done.error.message}): install a C compiler, on Debian gcc and libc6-dev, or name one by CC`,
    );
  }
  if (done.status !== 0)
    throw new Error(`${compiler} could not compile ${NATIVE_SOURCE}:\n${done.stderr.trim()}`);
  renameSync(made, path); // whoever loads it meanwhile gets all of it or none
}
