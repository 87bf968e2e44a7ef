/** What the page of test/web/same-state.test.ts gets as one script: a log counted with nothing of Node. */
import { sha256 } from '@noble/hashes/sha2.js';
import { statementFromJson } from '../../../src/statement/browser.ts';
import { countEntry, type Entry, emptyTally, tallyDigest } from '../../../src/tally/index.ts';
import { takeState } from '../../../src/tally/state-map.ts';

/** An entry as JSON: its statement is the text that was signed. */
export type PlainEntry = Omit<Entry, 'statement'> & { readonly statement: string };

/** What a count came to. */
export interface Counted {
  readonly digest: string;
  readonly root: string;
}

/** Counts a log from its first entry. */
export function countAll(entries: readonly PlainEntry[], origin: string, logKey: string): Counted {
  const tally = emptyTally({ origin, logKey, sha256 });
  for (const entry of entries) {
    countEntry(tally, { ...entry, statement: statementFromJson(JSON.parse(entry.statement)) });
  }
  return { digest: tallyDigest(tally), root: takeState(tally).says.root };
}
