import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from './errors.ts';

/** Where each part of a tally lies in its data folder. */
export interface DataPaths {
  /** The log's private key, 0600. */
  readonly key: string;
  readonly database: string;
  /** The last signed head; keep it out of backups, so that an old one is noticed. */
  readonly head: string;
  /** Monitors' signatures of states. */
  readonly states: string;
  /** The states by which monitors vouched for policies; part of every backup, since nobody could make them anew. */
  readonly vouchers: string;
}

export function dataPaths(folder: string): DataPaths {
  return {
    key: join(folder, 'log.key'),
    database: join(folder, 'log.sqlite'),
    head: join(folder, 'head', 'checkpoint'),
    states: join(folder, 'states'),
    vouchers: join(folder, 'vouchers'),
  };
}

/** Throws `data-missing` for a folder that holds no tally, before anything is opened there. */
export async function requireTallyData(folder: string): Promise<void> {
  try {
    await access(dataPaths(folder).key);
  } catch (cause) {
    throw new ServiceError(
      'data-missing',
      `${folder} holds no tally (no log.key): make one with \`bitquorum tally init --data ${folder} …\``,
      { cause },
    );
  }
}
