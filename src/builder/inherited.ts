import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { InternalError } from '../bytes/index.ts';

/** `O_CLOEXEC` as Linux shows it in `/proc/<pid>/fdinfo` (octal): closed when a program is started. */
const CLOSED_ON_START = 0o2000000;
/** Higher descriptors are looked at no more; service managers and shells use the lowest that are free. */
const MOST = 1024;

/** What a child gets for each of its descriptors: nothing of its own but standard output and error. */
type Descriptors = ('ignore' | 'pipe' | number)[];

/**
 * Runs `start` with the descriptors of a child that shall inherit none. What whoever started this process left open (a
 * socket of a service manager, a shell's redirection) goes on to every program that is started, through a sandbox too;
 * here the null device takes its place. Our own descriptors are closed by the system. Known for Linux only.
 */
export function withOwnDescriptors<Value>(start: (descriptors: Descriptors) => Value): Value {
  const descriptors: Descriptors = ['ignore', 'pipe', 'pipe'];
  const open = process.platform === 'linux' ? inherited() : [];
  if (open.length === 0) return start(descriptors);
  const nothing = openSync('/dev/null', 'r');
  try {
    for (const fd of open) {
      while (descriptors.length < fd) descriptors.push('ignore');
      descriptors[fd] = nothing;
    }
    return start(descriptors);
  } finally {
    closeSync(nothing);
  }
}

/** Open descriptors above standard error that a started program would get, ascending. */
function inherited(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2 && fd < MOST && !isClosedOnStart(fd))
    .sort((left, right) => left - right);
}

function isClosedOnStart(fd: number): boolean {
  let info: string;
  try {
    info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true; // it was the one that listed the others
    throw error;
  }
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
  if (flags === undefined) throw new InternalError(`/proc/self/fdinfo/${fd} has no flags`);
  return (Number.parseInt(flags, 8) & CLOSED_ON_START) !== 0;
}
