import { join } from 'node:path';
import { fingerprint } from '../swarm/content.ts';

/** What a program that may write a hybrid's pad files has saved as `content` below a folder, without them. */
export async function fingerprintWithoutPads(folder: string): Promise<Record<string, string>> {
  const found = await fingerprint(join(folder, 'content'));
  return Object.fromEntries(Object.entries(found).filter(([name]) => !name.startsWith('/.pad/')));
}
