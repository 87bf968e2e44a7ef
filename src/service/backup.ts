import { copyFile } from 'node:fs/promises';
import { openHeadFile, openLog } from '../log/index.ts';
import { readKeyFile, writeKeyFile } from '../statement/index.ts';
import { openSqliteStore, type Store } from '../store/index.ts';
import { dataPaths, openTallyStore } from './data-folder.ts';
import { makeWholeFolder } from './new-folder.ts';
import { copyVouchers } from './vouchers.ts';

/**
 * Writes a backup of a tally: its key, a copy of its store at one moment, and the states that vouch
 * for policies, into a new folder. The file of the last
 * signed head is left out on purpose: beside an old store it would be an old head, and nothing would tell that the log
 * had gone on. Throws `data-exists` and `StoreError`.
 */
export function backupTally(dataFolder: string, store: Store, destination: string): Promise<void> {
  return makeWholeFolder(destination, async (staging) => {
    const to = dataPaths(staging);
    await writeKeyFile(to.key, await readKeyFile(dataPaths(dataFolder).key));
    await store.backup(to.database);
    await copyVouchers(dataPaths(dataFolder).vouchers, to.vouchers);
  });
}

/** Writes a backup of a tally that does not run; of one that does, {@link backupTally}. Throws `in-use` and `data-missing` too. */
export async function backupStoppedTally(dataFolder: string, destination: string): Promise<void> {
  const store = await openTallyStore(dataFolder);
  try {
    await backupTally(dataFolder, store, destination);
  } finally {
    await store.close();
  }
}

export interface RestoreOptions {
  /** A folder that `backupTally` made. */
  readonly backup: string;
  /** The data folder to make; it must not exist, or be empty. */
  readonly dataFolder: string;
  /** The newest checkpoint that anybody has of this log, as signed note. */
  readonly lastHead?: Uint8Array;
}

/**
 * Makes a data folder of a backup. With `lastHead` the store is held against it at once: one that is older is refused
 * (`older-tree`), since the log had gone on without it and would fork. Without, the folder has no head, and runs only
 * with witnesses, which are asked for theirs. Throws `data-exists`, `LogError`.
 */
export function restoreTally({ backup, dataFolder, lastHead }: RestoreOptions): Promise<void> {
  return makeWholeFolder(dataFolder, async (staging) => {
    const from = dataPaths(backup);
    const to = dataPaths(staging);
    const signer = await readKeyFile(from.key);
    await writeKeyFile(to.key, signer);
    await copyFile(from.database, to.database);
    await copyVouchers(from.vouchers, to.vouchers);
    if (lastHead === undefined) return;
    const head = openHeadFile(to.head);
    await head.write(lastHead);
    const store = await openSqliteStore({ path: to.database });
    try {
      await (await openLog({ store, signer, head })).close();
    } finally {
      await store.close();
    }
  });
}
