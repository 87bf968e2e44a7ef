// The fast hasher against a plain one, for every way in which reads, units, pieces and files can meet.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type DiskFile, diskFile } from '../../src/torrent/disk-file.ts';
import { hashFiles } from '../../src/torrent/hash-files.ts';
import { layerOf, v1HashesOf } from './reference.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const folder = mkdtempSync(join(tmpdir(), 'bitquorum-hash-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SIZES = [1, 16 * KIB, 16 * KIB + 1, 100_000, MIB - 1, MIB, MIB + 1, 3 * MIB, 5 * MIB + 20_000];
const contents = SIZES.map((size) => randomBytes(size));
const files: DiskFile[] = contents.map((content, index) => {
  const path = join(folder, `${index}`);
  writeFileSync(path, content);
  return diskFile(path, [`${index}`], lstatSync(path));
});

test('hashes are those of the definition for pieces smaller and larger than a read', async () => {
  for (const pieceLength of [16 * KIB, 64 * KIB, MIB, 2 * MIB, 16 * MIB]) {
    for (const padded of [true, false]) {
      const plan = { pieceLength, sha1: true, padded: () => padded };
      const { layers, v1Hashes } = await hashFiles(files, plan, { threads: 1 });
      for (const [index, content] of contents.entries()) {
        const expected = layerOf(content, pieceLength).toString('hex');
        const actual = Buffer.from(layers[index] ?? []).toString('hex');
        assert.equal(actual, expected, `${content.length} bytes, pieces of ${pieceLength}`);
      }
      const expected = Buffer.concat(contents.map((content) => v1HashesOf(content, pieceLength, padded)));
      assert.equal(
        Buffer.from(v1Hashes).toString('hex'),
        expected.toString('hex'),
        `pieces of ${pieceLength}`,
      );
    }
  }
});

test('several threads give what one gives, and progress ends with all', async () => {
  const large = join(folder, 'large');
  writeFileSync(large, Buffer.concat(Array.from({ length: 12 }, () => Buffer.concat(contents))));
  const work = [...files, diskFile(large, ['large'], lstatSync(large))];
  const plan = { pieceLength: 32 * KIB, sha1: true, padded: () => true };
  const alone = await hashFiles(work, plan, { threads: 1 });
  const seen: number[] = [];
  const together = await hashFiles(work, plan, {
    threads: 4,
    onProgress: ({ doneBytes }) => seen.push(doneBytes),
  });
  assert.deepEqual(together, alone);
  const totalBytes = work.reduce((sum, file) => sum + file.sizeBytes, 0);
  assert.equal(seen.at(-1), totalBytes);
  assert.deepEqual(
    seen,
    seen.toSorted((left, right) => left - right),
  );
});

test('the event loop keeps turning while this thread hashes', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 5);
  const large = join(folder, 'large');
  const file = diskFile(large, ['large'], lstatSync(large));
  const plan = { pieceLength: 32 * KIB, sha1: true, padded: () => true };
  for (let run = 0; run < 3; run += 1) await hashFiles([file], plan, { threads: 1 });
  clearInterval(timer);
  assert.ok(turns >= 3, `${turns} turns`);
});

test('an abort stops it, before the start and while it runs', async () => {
  const large = join(folder, 'large');
  const file = diskFile(large, ['large'], lstatSync(large));
  const plan = { pieceLength: 32 * KIB, sha1: true, padded: () => true };
  const reason = new Error('enough');
  await assert.rejects(hashFiles([file], plan, { signal: AbortSignal.abort(reason) }), reason);
  for (const threads of [1, 3]) {
    const controller = new AbortController();
    const hashing = hashFiles([file], plan, { threads, signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(hashing, reason);
  }
});

test('a file that changes, shrinks or goes is named, whichever thread finds it', async () => {
  const large = join(folder, 'large');
  const good = diskFile(large, ['large'], lstatSync(large));
  const path = join(folder, 'victim');
  const plan = { pieceLength: 32 * KIB, sha1: false, padded: () => true };
  writeFileSync(path, randomBytes(3 * MIB));
  const victim = diskFile(path, ['victim'], lstatSync(path));
  for (const [change, code] of [
    [() => writeFileSync(path, randomBytes(3 * MIB)), 'changed-while-hashing'],
    [() => writeFileSync(path, randomBytes(MIB)), 'changed-while-hashing'],
    [() => rmSync(path), 'unreadable'],
  ] as const) {
    change();
    for (const [work, threads] of [
      [[victim], 1],
      [[good, victim], 3],
      [[victim, good], 3],
    ] as const) {
      await assert.rejects(hashFiles(work, plan, { threads }), (error: Error & { code?: string }) => {
        assert.equal(error.code, code);
        assert.ok(error.message.includes(path), error.message);
        return true;
      });
    }
  }
});
