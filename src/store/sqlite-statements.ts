import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Every question that the store asks of SQLite, prepared once. */
export interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly last: StatementSync;
  readonly entries: StatementSync;
  readonly place: StatementSync;
  readonly newest: StatementSync;
  readonly indexed: StatementSync;
  readonly isIndexed: StatementSync;
  readonly indexedStatement: StatementSync;
  readonly addStatements: StatementSync;
  readonly putIndexed: StatementSync;
  readonly hashes: StatementSync;
  readonly checkpoint: StatementSync;
  readonly blob: StatementSync;
  readonly meta: StatementSync;
  readonly insertEntry: StatementSync;
  readonly insertHash: StatementSync;
  readonly putCheckpoint: StatementSync;
  readonly putBlob: StatementSync;
  readonly putMeta: StatementSync;
}

export function prepareStatements(database: DatabaseSync): Statements {
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    last: database.prepare('SELECT entry_index, time_ms FROM entries ORDER BY entry_index DESC LIMIT 1'),
    entries: database.prepare(`
      SELECT entry_index, time_ms, envelope FROM entries
      WHERE entry_index >= ? AND entry_index < ? ORDER BY entry_index LIMIT ?`),
    place: database.prepare(`
      SELECT time_ms, hash FROM entries JOIN hashes ON level = 0 AND hash_index = entry_index
      WHERE entry_index = ?`),
    newest: database.prepare(`
      SELECT entry_index, lower(hex(signer) || hex(payload_digest)) AS statement FROM entries
      WHERE entry_index >= ? ORDER BY entry_index`),
    indexed: database.prepare('SELECT entries FROM indexed'),
    isIndexed: database.prepare(`
      SELECT 1 FROM entries CROSS JOIN statements USING (entry_index)
      WHERE entry_index = ?
      AND signer_start = substr(signer, 1, 8) AND digest_start = substr(payload_digest, 1, 8)`),
    indexedStatement: database.prepare(`
      SELECT entry_index FROM statements CROSS JOIN entries USING (entry_index)
      WHERE signer_start = substr(?1, 1, 8) AND digest_start = substr(?2, 1, 8)
      AND signer = ?1 AND payload_digest = ?2`),
    addStatements: database.prepare(`
      INSERT INTO statements (signer_start, digest_start, entry_index)
      SELECT substr(signer, 1, 8) AS s, substr(payload_digest, 1, 8) AS d, entry_index FROM entries
      WHERE entry_index >= ? AND entry_index < ? ORDER BY s, d, entry_index`),
    putIndexed: database.prepare(`
      INSERT INTO indexed (only_row, entries) VALUES (1, ?)
      ON CONFLICT (only_row) DO UPDATE SET entries = excluded.entries`),
    hashes: database.prepare(`
      SELECT hash FROM hashes WHERE level = ? AND hash_index >= ? AND hash_index < ? ORDER BY hash_index`),
    checkpoint: database.prepare('SELECT size, note FROM checkpoint'),
    blob: database.prepare('SELECT bytes FROM blobs WHERE sha256 = ?'),
    meta: database.prepare('SELECT value FROM meta WHERE name = ?'),
    insertEntry: database.prepare(`
      INSERT INTO entries (entry_index, time_ms, signer, payload_digest, envelope) VALUES (?, ?, ?, ?, ?)`),
    insertHash: database.prepare('INSERT INTO hashes (level, hash_index, hash) VALUES (?, ?, ?)'),
    putCheckpoint: database.prepare(`
      INSERT INTO checkpoint (only_row, size, note) VALUES (1, ?, ?)
      ON CONFLICT (only_row) DO UPDATE SET size = excluded.size, note = excluded.note
      WHERE excluded.size >= checkpoint.size`),
    putBlob: database.prepare(
      'INSERT INTO blobs (sha256, bytes) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING',
    ),
    putMeta: database.prepare(`
      INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`),
  };
}
