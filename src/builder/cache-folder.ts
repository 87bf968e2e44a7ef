import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where source archives are kept unless told otherwise: `$XDG_CACHE_HOME/bitquorum/sources` or the same below `~/.cache`. */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'bitquorum', 'sources');
}
