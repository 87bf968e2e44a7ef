import type { DatabaseSync } from 'node:sqlite';
import { STATEMENTS_SCHEMA } from './sqlite-schema.ts';
import { prepareStatements } from './sqlite-statements.ts';
import { INDEX_EVERY, indexedEntries, indexUpTo } from './statement-index.ts';

/**
 * Brings the table of statements up to date when a store is opened: makes it anew from the entries where table and mark
 * do not fit together or the log, and adds what it lacks (all of it after an upgrade of the schema), in pieces, each a
 * transaction of its own, until fewer than {@link INDEX_EVERY} entries are left for the memory.
 */
export function mendIndex(database: DatabaseSync): void {
  const statements = prepareStatements(database);
  const size = ((statements.last.get()?.['entry_index'] as number | undefined) ?? -1) + 1;
  const holds = (index: number): boolean => statements.isIndexed.get(index) !== undefined;
  let indexed = indexedEntries(statements);
  if (indexed > size || (indexed > 0 && !holds(indexed - 1)) || (indexed < size && holds(indexed))) {
    database.exec(`BEGIN IMMEDIATE; DROP TABLE statements; DROP TABLE indexed; ${STATEMENTS_SCHEMA} COMMIT;`);
    indexed = 0;
  }
  for (; size - indexed >= INDEX_EVERY; indexed += INDEX_EVERY) {
    statements.begin.run();
    indexUpTo(statements, indexed, indexed + INDEX_EVERY);
    statements.commit.run();
  }
}
