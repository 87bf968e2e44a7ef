// Proofs of releases: `node bench/proof.ts [--size N] [--proofs N]`.
//
// Makes a history of N entries (1,000,000 unless told), counts it and fills a log's SQLite store with it; then composes
// whole `.bitquorum-proof` bundles of releases, as the tally answers them: reading of entries and tiles included; and
// proves the inclusion of single entries.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  encodeLeaf,
  formatProofBundle,
  type Log,
  nodeHasher,
  openHeadFile,
  openLog,
} from '../src/log/index.ts';
import { verifyInclusion } from '../src/merkle/index.ts';
import { composeProof } from '../src/service/proofs/compose.ts';
import { generateKey, sha256 } from '../src/statement/index.ts';
import { openSqliteStore, type Store } from '../src/store/index.ts';
import { countEntry, type Entry, emptyTally, type Tally } from '../src/tally/index.ts';
import { LOG_KEY, makeHistory, ORIGIN } from './recount-history.ts';
import { EntriesFile, readEntries } from './support/entries-file.ts';

/** Appends that share a transaction. */
const WRITERS = 2048;

const { values } = parseArgs({
  options: { size: { type: 'string', default: '1000000' }, proofs: { type: 'string', default: '200' } },
});

const folder = mkdtempSync(join(tmpdir(), 'proof-'));
try {
  await measure(folder, Number(values.size), Number(values.proofs));
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(path: string, size: number, proofs: number): Promise<void> {
  const store = await openSqliteStore({ path: join(path, 'log.sqlite') });
  const signer = generateKey(ORIGIN);
  const log = await openLog({ store, signer, head: openHeadFile(join(path, 'head')) });
  const tally = emptyTally({ origin: ORIGIN, logKey: LOG_KEY, sha256 });
  const file = join(path, 'entries');
  const made = new EntriesFile(file);
  const builders = Math.round(size / 10);
  makeHistory({ entries: size, builders, releases: 40, outsiders: 10, seed: 'proof' }, (entry) => {
    made.add(entry);
  });
  made.close();
  await fill(log, tally, file);
  await log.whenPublished(tally.size, AbortSignal.timeout(30_000));
  const released = [...tally.releases.values()].filter(({ verdict }) => verdict !== undefined);
  const times: number[] = [];
  const sizes: number[] = [];
  const parts: number[] = [];
  for (let count = 0; count < proofs; count += 1) {
    const { digest } = released[Math.floor(((count * 0.618) % 1) * released.length)] ?? { digest: '' };
    const from = performance.now();
    const bundle = await composeProof(sourceOf(log, store, tally), digest);
    if (bundle === undefined) throw new Error(`no proof of ${digest}`);
    const bytes = formatProofBundle(bundle);
    times.push(performance.now() - from);
    sizes.push(bytes.length);
    parts.push(bundle.entries.length);
  }
  const single = await inclusionTimes(log, store, proofs);
  await log.close();
  await store.close();
  console.log(
    `${tally.size} entries: a whole proof ${middle(times).toFixed(2)} ms (most ${Math.max(...times).toFixed(1)}), ` +
      `${Math.round(middle(sizes) / 1000)} kB, ${middle(parts)} entries in it; ` +
      `one entry's inclusion made and checked ${middle(single).toFixed(2)} ms (most ${Math.max(...single).toFixed(1)})`,
  );
}

async function fill(log: Log, tally: Tally, file: string): Promise<void> {
  let some: Entry[] = [];
  const flush = async (): Promise<void> => {
    await Promise.all(
      some.map(({ statement, payloadDigest, signers }) =>
        log.append(Buffer.from(JSON.stringify({ statement, payloadDigest, signers })), {
          signerKey: signers[0] ?? '',
          payloadDigest,
        }),
      ),
    );
    for (const entry of some) countEntry(tally, entry);
    some = [];
  };
  for await (const entry of readEntries(file)) {
    some.push(entry);
    if (some.length === WRITERS) await flush();
  }
  await flush();
}

/** Milliseconds that inclusion proofs of single entries take, made from the store and checked against the checkpoint. */
async function inclusionTimes(log: Log, store: Store, proofs: number): Promise<number[]> {
  const head = log.checkpoint();
  const times: number[] = [];
  for (let count = 0; count < proofs; count += 1) {
    const index = Math.floor(((count * 0.618) % 1) * head.size);
    const leaf = present((await store.readEntries(index, index + 1)).map(encodeLeaf)[0]);
    const from = performance.now();
    const proof = await log.proveInclusion(index, head);
    const leafHash = nodeHasher.leaf(leaf);
    verifyInclusion({ index, size: head.size, leafHash, root: head.root, proof }, nodeHasher);
    times.push(performance.now() - from);
  }
  return times;
}

function sourceOf(log: Log, store: Store, tally: Tally): Parameters<typeof composeProof>[0] {
  return {
    tally,
    checkpoint: log.checkpoint(),
    leaf: async (index) => present((await store.readEntries(index, index + 1)).map(encodeLeaf)[0]),
    tile: async (level, index, width) => present(await log.tile(level, index, width)),
    stateNote: () => undefined,
    voucher: () => undefined,
  };
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new Error('the log does not reach as far');
  return bytes;
}

function middle(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1] ?? 0;
}
