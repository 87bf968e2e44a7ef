import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteStore, type SqliteOptions, type Store } from '../store/index.ts';
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

/**
 * Opens the store of a tally's data folder. A tally has its policy as entry 0 from the beginning: where there is no entry,
 * they were lost, and no log is begun anew under the key, since its first head would stand in for the lost one and let any
 * old copy run. Throws `data-missing` and {@link openSqliteStore}'s `StoreError`.
 */
export async function openTallyStore(
  folder: string,
  options: Omit<SqliteOptions, 'path'> = {},
): Promise<Store> {
  const { key, database: path } = dataPaths(folder);
  await requireFile(
    key,
    `${folder} holds no tally (no log.key): make one with \`bitquorum tally init --data ${folder} …\``,
  );
  const lost = `${path} holds no entries, beside the key of a log: they were lost; put back a backup (\`bitquorum tally restore\`)`;
  await requireFile(path, lost); // opening the store would make one
  const store = await openSqliteStore({ path, ...options });
  try {
    if ((await store.head()).size > 0) return store;
    throw new ServiceError('data-missing', lost);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Refuses a folder that is no backup. Throws `data-missing`. */
export function requireBackup(folder: string): Promise<void> {
  const otherwise = `${folder} holds no backup of a tally (no log.key): name the folder that \`bitquorum tally backup\` made`;
  return requireFile(dataPaths(folder).key, otherwise);
}

async function requireFile(path: string, otherwise: string): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause; // it may be there, and may not be looked at
    throw new ServiceError('data-missing', otherwise, { cause });
  }
}
