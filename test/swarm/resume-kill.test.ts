// A downloading process that is killed again and again, its files damaged in between.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import type { ChildLine, ChildOrder } from './told-download.ts';

const program = fileURLToPath(new URL('./download-child.ts', import.meta.url));
const SIZE = 24_000_000;
const ROUNDS = 10;
/** Slow enough that ten lives of the child do not bring all. */
const RATE = 4_000_000;
const MOST_GROWTH = 1_000_000;
const SHORT_LIFE_MS = 150;
const LONGEST_LIFE_MS = 1500;

/** Runs the child; `whenBegun` may kill it. */
async function live(
  context: TestContext,
  order: ChildOrder,
  whenBegun?: (kill: () => void) => Promise<void>,
): Promise<ChildLine | undefined> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let last: ChildLine | undefined;
  for await (const text of createInterface({ input: child.stdout })) {
    last = JSON.parse(text) as ChildLine;
    if (last.event === 'begun') await whenBegun?.(() => child.kill('SIGKILL'));
  }
  await ended;
  return last;
}

async function storedBytes(path: string): Promise<number> {
  return ((await stat(path).catch(() => undefined))?.blocks ?? 0) * 512;
}

/** Kills when a file has grown by some bytes: in the midst of a write, perhaps. */
async function killInGrowth(path: string, kill: () => void): Promise<void> {
  const enough = (await storedBytes(path)) + Math.random() * MOST_GROWTH;
  const deadline = performance.now() + LONGEST_LIFE_MS;
  while ((await storedBytes(path)) < enough && performance.now() < deadline) await sleep(2);
  kill();
}

test('a download that is killed ten times at random moments completes, and trusts no damaged byte', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(
    folder,
    'content',
    { 'a/big': patternBytes(SIZE, 41), 'b/small': patternBytes(30_000, 42), 'b/empty': Buffer.alloc(0) },
    'hybrid',
  );
  const torrent = join(folder, 'content.torrent');
  await writeFile(torrent, made.torrent);
  const seeder = new Engine({ uploadBytesPerSecond: RATE });
  context.after(() => seeder.close());
  const { port } = await seeder.listen();
  await seeder.seed(made.metainfo, made.path, { isVerified: true });
  const out = join(folder, 'out');
  await mkdir(out);
  const order = { torrent, folder: out, port };
  const big = join(out, `.bitquorum-${toHex(made.metainfo.infoHashV2)}`, 'content', 'a', 'big');
  let damages = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    // Some lives end while the files are made or checked, others while pieces are written.
    const kill = (end: () => void): Promise<void> =>
      round % 4 === 3 ? sleep(Math.random() * SHORT_LIFE_MS).then(end) : killInGrowth(big, end);
    assert.equal((await live(context, order, kill))?.event, 'begun', 'it was killed');
    assert.deepEqual(
      (await readdir(out)).filter((name) => !name.startsWith('.')),
      [],
    );
    const stats = await stat(big).catch(() => undefined);
    if (round % 3 !== 2 || !stats || stats.size === 0) continue;
    const file = await open(big, 'r+');
    for (let at = 0; at < SIZE; at += 1_500_000)
      await file.write('damage', at + Math.floor(Math.random() * 1000));
    await file.close();
    damages += 1;
  }
  seeder.setLimits({ uploadBytesPerSecond: 0 });
  const last = await live(context, order);
  assert.ok(last?.event === 'done', JSON.stringify(last));
  assert.ok(damages > 0);
  assert.ok(last.resumedBytes > 0, 'what earlier lives brought counted');
  assert.ok(last.downloadedBytes < made.metainfo.sizeBytes);
  assert.deepEqual(await fingerprint(last.path), await fingerprint(made.path));
  assert.deepEqual(await readdir(out), ['content']);
});
