import { dirname } from 'node:path';
import { makeLastingFolders, readIfThere, replaceFile } from '../files/index.ts';
import { LogError } from './errors.ts';

/**
 * Where the last signed head is kept beside the store, so that a store put back from an old backup is noticed
 * before it forks the log. Keep it out of the backup set.
 */
export interface HeadKeeper {
  /** Its name in messages. */
  readonly name: string;
  /** The last head written, as signed note; undefined when there never was one. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces it, as a whole and durably. When this rejects, the old or the new one may be there. */
  write(note: Uint8Array): Promise<void>;
}

/** Keeps the head in a file, which holds nothing but the note. Guarded by the lock of the store beside it. */
export function openHeadFile(path: string): HeadKeeper {
  return {
    name: path,
    read: async () => {
      try {
        return await readIfThere(path);
      } catch (error) {
        throw headError(`${path} cannot be read`, error);
      }
    },
    write: async (note) => {
      try {
        await makeLastingFolders(dirname(path));
        await replaceFile(path, note);
      } catch (error) {
        throw headError(`the signed head cannot be kept in ${path}`, error);
      }
    },
  };
}

function headError(what: string, cause: unknown): LogError {
  return new LogError('storage', `${what}: ${(cause as Error).message}`, { cause });
}
