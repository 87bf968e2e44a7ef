import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeLastingFolders } from '../files/index.ts';
import { WitnessError } from './errors.ts';

/** The checkpoint that a witness cosigned last of one log. */
export interface CosignedHead {
  readonly size: number;
  /** RFC 6962 root, 32 bytes. */
  readonly root: Uint8Array;
  /** The note with the log's signatures and the witness's cosignatures. */
  readonly note: Uint8Array;
}

/** Format of the file; a file of another one is refused. */
const VERSION = 1;

/**
 * Keeps the last cosigned head of each log, durably: once {@link replace} has returned, no crash and no loss of power
 * brings an older one back. The file is open to one process at a time.
 *
 *     write(wal), fsync(wal)      synchronous=FULL: only now does COMMIT return
 *
 * After an error of the medium nothing is cosigned any more until the witness is started anew; `onFailure` is told of it.
 */
export class HeadStore {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #onFailure: (error: WitnessError) => void;
  #failed = false;

  private constructor(database: DatabaseSync, path: string, onFailure: (error: WitnessError) => void) {
    this.#database = database;
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** Opens or makes the file. Throws `in-use` and `bad-state`. */
  static async open(path: string, onFailure: (error: WitnessError) => void): Promise<HeadStore> {
    await makeLastingFolders(dirname(path));
    await refuseEmpty(path);
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // Before anything is read: with EXCLUSIVE the file's lock is taken at the first access and kept.
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; BEGIN IMMEDIATE; COMMIT');
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON');
      // What a process that was killed has left there may not have reached the disk: it is written once more.
      database.exec('PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_checkpoint(TRUNCATE)');
      migrate(database, path);
      return new HeadStore(database, path, onFailure);
    } catch (cause) {
      database.close();
      throw openError(path, cause);
    }
  }

  /** The head cosigned last, or undefined. */
  read(origin: string): CosignedHead | undefined {
    const row = this.#run(() =>
      this.#database.prepare('SELECT size, root, note FROM head WHERE origin = ?').get(origin),
    );
    if (row === undefined) return undefined;
    return { size: row['size'] as number, root: row['root'] as Uint8Array, note: row['note'] as Uint8Array };
  }

  /**
   * Puts `head` in the place of a head of `oldSize` entries (0: of none), in one transaction. Answers whether it was that
   * one that stood there; otherwise nothing is changed.
   */
  replace(origin: string, oldSize: number, head: CosignedHead): boolean {
    const { changes } = this.#run(() =>
      this.#database
        .prepare(
          `INSERT INTO head (origin, size, root, note) SELECT ?1, ?3, ?4, ?5
             WHERE ?2 = 0 OR EXISTS (SELECT 1 FROM head WHERE origin = ?1)
           ON CONFLICT (origin) DO UPDATE SET size = ?3, root = ?4, note = ?5 WHERE size = ?2`,
        )
        .run(origin, oldSize, head.size, head.root, head.note),
    );
    return Number(changes) === 1;
  }

  /** Keeps a checkpoint that contradicts the head as evidence, unless `most` of this log are kept. */
  keepFork(origin: string, held: Uint8Array, shown: Uint8Array, most: number): void {
    this.#run(() =>
      this.#database
        .prepare(
          `INSERT INTO fork (origin, held, shown) SELECT ?1, ?2, ?3
             WHERE (SELECT count(*) FROM fork WHERE origin = ?1) < ?4`,
        )
        .run(origin, held, shown, most),
    );
  }

  close(): void {
    this.#database.close();
  }

  #run<Value>(work: () => Value): Value {
    if (this.#failed) throw new WitnessError('bad-state', `${this.#path} failed: start the witness anew`);
    try {
      return work();
    } catch (cause) {
      this.#failed = true;
      const error = new WitnessError('bad-state', `${this.#path} failed: ${(cause as Error).message}`, {
        cause,
      });
      this.#onFailure(error);
      throw error;
    }
  }
}

/** A file that lost what it held must not be taken for a new one: then an older tree would be cosigned. */
async function refuseEmpty(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw openError(path, error);
  });
  if (found === undefined || (found.isFile() && found.size > 0)) return;
  throw new WitnessError(
    'bad-state',
    found.isFile()
      ? `${path} is empty, so the heads that were cosigned are lost: make a new key, or remove the file if the witness has never cosigned`
      : `${path} is no file: give another data folder`,
  );
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version === VERSION) return;
  if (version !== 0) {
    throw new WitnessError(
      'bad-state',
      `${path} is of version ${version}; this program knows version ${VERSION}`,
    );
  }
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL) STRICT;
    CREATE TABLE fork (origin TEXT NOT NULL, held BLOB NOT NULL, shown BLOB NOT NULL, UNIQUE (origin, shown) ON CONFLICT IGNORE) STRICT;
    PRAGMA user_version = ${VERSION};
    COMMIT`);
}

function openError(path: string, cause: unknown): unknown {
  if (cause instanceof WitnessError) return cause;
  const { errcode } = cause as { errcode?: number };
  const busy = errcode !== undefined && [5, 6].includes(errcode & 0xff);
  return new WitnessError(
    busy ? 'in-use' : 'bad-state',
    busy
      ? `${path} is open in another process: one witness a file`
      : `${path} cannot be opened: ${(cause as Error).message}`,
    { cause },
  );
}
