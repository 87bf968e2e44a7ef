import { checkHead, checkStoredLog, LogError, openHeadFile, type TreeHead } from '../log/index.ts';
import { type PrivateKey, readKeyFile, writeKeyFile } from '../statement/index.ts';
import { copyDatabase, openSqliteStore, type Store } from '../store/index.ts';
import { dataPaths, openTallyStore, requireBackup } from './data-folder.ts';
import { ServiceError } from './errors.ts';
import { makeWholeFolder } from './new-folder.ts';
import { copyStateSignatures } from './state-signatures.ts';
import { copyVouchers } from './vouchers.ts';

/**
 * Writes a backup of a tally into a new folder: its key, a copy of its store at one moment, and what monitors signed, which
 * they would not sign again. The file of the last signed head is left out on purpose: beside an old store it would be an
 * old head, and nothing would tell that the log had gone on. Throws `data-exists` and `StoreError`.
 */
export function backupTally(dataFolder: string, store: Store, destination: string): Promise<void> {
  return makeWholeFolder(destination, async (staging) => {
    const to = dataPaths(staging);
    await writeKeyFile(to.key, await readKeyFile(dataPaths(dataFolder).key));
    await store.backup(to.database);
    await copyVouchers(dataPaths(dataFolder).vouchers, to.vouchers);
    await copyStateSignatures(dataPaths(dataFolder).states, to.states);
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
 * Makes a data folder of a backup, whose entries are checked from the first one on. With `lastHead` the store is held
 * against it: one that is older is refused (`older-tree`), since the log had gone on without it and would fork; so is a
 * head that is older than the backup itself (`bad-head`), which cannot be the newest. It stays the published checkpoint
 * until the tally runs: nothing is signed here. Without, the folder has no head, and runs only with witnesses, which are
 * asked for theirs. Throws `data-exists`, `data-missing`, `LogError`.
 */
export async function restoreTally({ backup, dataFolder, lastHead }: RestoreOptions): Promise<void> {
  await requireBackup(backup);
  await makeWholeFolder(dataFolder, async (staging) => {
    const from = dataPaths(backup);
    const to = dataPaths(staging);
    const signer = await readKeyFile(from.key);
    await writeKeyFile(to.key, signer);
    await copyDatabase(from.database, to.database);
    await copyVouchers(from.vouchers, to.vouchers);
    await copyStateSignatures(from.states, to.states);
    const store = await openSqliteStore({ path: to.database });
    try {
      const tree = await checkStoredLog(store);
      if (tree.size === 0) throw new ServiceError('data-missing', `${backup} holds no entries of a log`);
      if (lastHead === undefined) return;
      await takeHead({ store, signer, tree }, lastHead);
      await openHeadFile(to.head).write(lastHead);
    } finally {
      await store.close();
    }
  });
}

/** Publishes the newest checkpoint that was published, as it was. */
async function takeHead(
  log: { readonly store: Store; readonly signer: PrivateKey; readonly tree: TreeHead },
  lastHead: Uint8Array,
): Promise<void> {
  const { size, note } = await checkHead(log, lastHead, 'the given checkpoint');
  const published = await log.store.getCheckpoint();
  if (published !== undefined && published.size > size) {
    throw new LogError(
      'bad-head',
      `the given checkpoint of ${size} entries is older than that of the backup itself, of ${published.size}: give the ` +
        'newest that anybody has of this log, since with an older one this copy could fork it. If nobody has a newer one ' +
        "than the backup's own, that will do: SELECT note FROM checkpoint",
    );
  }
  await log.store.putCheckpoint({ size, note });
}
