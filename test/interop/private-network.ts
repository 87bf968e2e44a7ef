import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programOf } from '../support/needs.ts';

/** What was started inside ends with the process itself; a user namespace asks for no rights of the system's. */
const NAMESPACES = ['--user', '--map-root-user', '--net', '--pid', '--fork', '--kill-child'];

/** The script's first argument is the addresses; the rest is what is to run. */
const SETUP = `set -e
PATH="$PATH:/usr/sbin:/sbin" addresses="$1"
shift
ip link set lo up
for address in $addresses; do ip address add "$address/32" dev lo; done
exec "$@"
`;

/**
 * Runs a script of this folder in a network of its own, which has loopback and some further addresses and ends with it.
 * Resolves with what its last line of JSON says. Needs the part `namespaces`.
 */
export async function runInPrivateNetwork(
  context: TestContext,
  script: string,
  { addresses, order, seconds }: { addresses: readonly string[]; order: object; seconds: number },
): Promise<unknown> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const node = [process.execPath, path, JSON.stringify(order)];
  const shell = ['sh', '-c', SETUP, 'sh', addresses.join(' '), ...node];
  const child = spawn(programOf('namespaces'), [...NAMESPACES, ...shell], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: AbortSignal.timeout(seconds * 1000),
    killSignal: 'SIGKILL',
  });
  context.after(() => end(child));
  const closed = once(child, 'close') as Promise<[number | null]>;
  let last = 'null';
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = line;
  });
  const [code] = await closed;
  if (code !== 0) throw new Error(`${script} ended with status ${code}`);
  return JSON.parse(last);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
