import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { encodeLeaf, type Log, nodeHasher, openHeadFile, openLog } from '../../src/log/index.ts';
import { verifyInclusion } from '../../src/merkle/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';

/** What a log costs at one size. */
export interface GrowthPoint {
  readonly size: number;
  /** Durable entries a second on the way from the size before, without verification, 512 writers. */
  readonly appendsPerSecond: number;
  /** One inclusion proof made from the store and checked against the checkpoint: milliseconds, median and slowest of 200. */
  readonly proofMs: number;
  readonly slowestProofMs: number;
  /** Opening the log, with its own checks. */
  readonly openMs: number;
}

const WRITERS = 512;
const PROOFS = 200;
const ENTRY_BYTES = 800;
const signer = generateKey('bench.invalid/growth');

/** Fills a log up to each size, and measures there. */
export async function measureGrowth(folder: string, sizes: readonly number[]): Promise<GrowthPoint[]> {
  const points: GrowthPoint[] = [];
  const head = openHeadFile(join(folder, 'head'));
  let before = 0;
  for (const size of sizes) {
    const store = await openSqliteStore({ path: join(folder, 'log.sqlite') });
    const log = await openLog({ store, signer, head });
    const from = performance.now();
    await fill(log, before, size);
    const appendsPerSecond = Math.round(((size - before) / (performance.now() - from)) * 1000);
    await log.whenPublished(size, AbortSignal.timeout(10_000));
    const proofs = await proofTimes(log);
    await log.close();
    await store.close();
    const openMs = await openTime(folder);
    points.push({
      size,
      appendsPerSecond,
      proofMs: round(proofs[PROOFS / 2] as number),
      slowestProofMs: round(proofs.at(-1) as number),
      openMs: round(openMs),
    });
    before = size;
  }
  return points;
}

function entry(index: number): { envelope: Uint8Array; digest: string } {
  const digest = createHash('sha256').update(String(index)).digest('hex');
  return { envelope: Buffer.from(digest.repeat(Math.ceil(ENTRY_BYTES / digest.length))), digest };
}

async function fill(log: Log, from: number, to: number): Promise<void> {
  let next = from;
  const write = async (): Promise<void> => {
    while (next < to) {
      const { envelope, digest } = entry(next++);
      await log.append(envelope, { signerKey: 'ab'.repeat(32), payloadDigest: digest });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

async function proofTimes(log: Log): Promise<number[]> {
  const head = log.checkpoint();
  const times: number[] = [];
  for (let count = 0; count < PROOFS; count += 1) {
    const index = Math.floor(((count * 0.618) % 1) * head.size);
    const stored = await entryAt(log, index);
    const from = performance.now();
    const proof = await log.proveInclusion(index, head);
    const leafHash = nodeHasher.leaf(encodeLeaf(stored));
    verifyInclusion({ index, size: head.size, leafHash, root: head.root, proof }, nodeHasher);
    times.push(performance.now() - from);
  }
  return times.toSorted((a, b) => a - b);
}

async function entryAt(log: Log, index: number): Promise<{ timeMs: number; envelope: Uint8Array }> {
  for await (const stored of log.readEntries(index)) return stored;
  throw new Error(`entry ${index} is not there`);
}

async function openTime(folder: string): Promise<number> {
  const from = performance.now();
  const store = await openSqliteStore({ path: join(folder, 'log.sqlite') });
  const log = await openLog({ store, signer, head: openHeadFile(join(folder, 'head')) });
  const took = performance.now() - from;
  await log.close();
  await store.close();
  return took;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
