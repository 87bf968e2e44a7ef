import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the last checkpoint seen of each log is kept unless told otherwise: `$XDG_STATE_HOME/bitquorum/logs`, or the same below `~/.local/state`. */
export function defaultStateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_STATE_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.local', 'state'), 'bitquorum', 'logs');
}
