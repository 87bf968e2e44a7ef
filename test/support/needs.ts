import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts the sources of Go packages. */
export const GOCODE = '/usr/share/gocode';

/** Debian parts that a test may need, each with the question that tells whether it is here. */
const PARTS = {
  libtorrent: { package: 'python3-libtorrent', find: pythonWithLibtorrent },
  qbittorrent: { package: 'qbittorrent-nox', find: () => onPath('qbittorrent-nox') },
  transmission: { package: 'transmission-daemon', find: () => onPath('transmission-daemon') },
  aria2: { package: 'aria2', find: () => onPath('aria2c') },
  bubblewrap: { package: 'bubblewrap', find: () => onPath('bwrap') },
  chromium: { package: 'chromium', find: () => onPath('chromium') },
  cc: { package: 'gcc, libc6-dev', find: () => onPath('cc') },
  go: { package: 'golang-go, golang-golang-x-mod-dev', find: goWithSumdb },
  namespaces: { package: 'util-linux, iproute2', find: unshareWithNetwork },
} as const;

export type Part = keyof typeof PARTS;

/**
 * For a test's `skip` option: `false` when every named Debian part is here, else the reason to show.
 * With BITQUORUM_SKIP_IS_FAILURE set (as CI does) a missing part throws instead.
 */
export function needs(...parts: Part[]): string | false {
  const missing = parts.filter((part) => PARTS[part].find() === undefined).map((part) => PARTS[part].package);
  if (missing.length === 0) return false;
  const reason = `needs ${missing.join(', ')} from Debian`;
  if (process.env['BITQUORUM_SKIP_IS_FAILURE']) throw new Error(`${reason}, and here a skip is a failure`);
  return reason;
}

/** The path of a part's program (for libtorrent: of a Python that can import it). */
export function programOf(part: Part): string {
  const found = PARTS[part].find();
  if (found === undefined) throw new Error(`${PARTS[part].package} is not installed`);
  return found;
}

function onPath(name: string): string | undefined {
  return candidates(name)[0];
}

function candidates(name: string): string[] {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false; // not in this folder: the next one is asked
      }
    });
}

function goWithSumdb(): string | undefined {
  return existsSync(join(GOCODE, 'src/golang.org/x/mod/sumdb/tlog')) ? onPath('go') : undefined;
}

let python: string | undefined | null = null;

function pythonWithLibtorrent(): string | undefined {
  if (python === null) {
    python = candidates('python3').find((path) => {
      try {
        execFileSync(path, ['-c', 'import libtorrent'], { stdio: 'ignore' });
        return true;
      } catch {
        return false; // a Python without the module: the next one is asked
      }
    });
  }
  return python;
}

let unshare: string | undefined | null = null;

/** `unshare`, where it may make network namespaces and `ip` can give them addresses. */
function unshareWithNetwork(): string | undefined {
  if (unshare === null) {
    const arguments_ = ['--user', '--map-root-user', '--net', 'sh', '-c'];
    unshare = candidates('unshare').find((path) => {
      try {
        const command = 'PATH="$PATH:/usr/sbin:/sbin" ip link set lo up';
        execFileSync(path, [...arguments_, command], { stdio: 'ignore' });
        return true;
      } catch {
        return false; // the kernel or a container forbids it, or there is no `ip`
      }
    });
  }
  return unshare;
}
