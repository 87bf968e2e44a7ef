import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';

/** The first pages of a table and its indices in a database file. */
export interface Pages {
  readonly path: string;
  readonly sizeBytes: number;
  readonly numbers: readonly number[];
}

/** Finds them, while nobody has the file open. */
export function pagesOf(path: string, table: string): Pages {
  const database = new DatabaseSync(path);
  try {
    const roots = database.prepare('SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?').all(table);
    const sizeBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
    return { path, sizeBytes, numbers: roots.map(({ rootpage }) => Number(rootpage)) };
  } finally {
    database.close();
  }
}

/** Overwrites pages as a dying disk would; a program that has not read them yet meets it when it does. */
export async function spoil({ path, sizeBytes, numbers }: Pages): Promise<void> {
  await using file = await open(path, 'r+');
  for (const number of numbers) {
    await file.write(Buffer.alloc(sizeBytes, 0xff), 0, sizeBytes, (number - 1) * sizeBytes);
  }
}
