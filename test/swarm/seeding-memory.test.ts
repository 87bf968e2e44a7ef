// What thousands of seeded torrents cost while nobody asks for them.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent, parseTorrent } from '../../src/torrent/index.ts';
import { patternBytes, temporaryFolder } from './content.ts';

const TORRENTS = 300;
/** Of one-file torrents; a hundred torrents more are measured than the first ones, which bring what all share. */
const MOST_KIB_EACH = 16;
const MOST_IDLE_SHARE = 0.05;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function seedSome(context: TestContext): Promise<{ engine: Engine; bytesEach: number }> {
  const folder = await temporaryFolder(context);
  const engine = new Engine();
  context.after(() => engine.close());
  await engine.listen();
  await mkdir(join(folder, 'content'));
  const seed = async (index: number): Promise<void> => {
    const path = join(folder, 'content', `${index}`);
    await writeFile(path, patternBytes(40_000, index));
    // Read again, so that nothing but the torrent is held.
    const { torrent } = await createTorrent(path, { profile: 'v2', threads: 1 });
    await engine.seed(parseTorrent(torrent), path);
  };
  for (let index = 0; index < 50; index += 1) await seed(index);
  const before = await heapBytes();
  for (let index = 50; index < TORRENTS; index += 1) await seed(index);
  return { engine, bytesEach: ((await heapBytes()) - before) / (TORRENTS - 50) };
}

test(`a torrent that is seeded holds less than ${MOST_KIB_EACH} KiB, costs next to nothing idle, and is left at once`, async (context) => {
  const { engine, bytesEach } = await seedSome(context);
  assert.ok(bytesEach < MOST_KIB_EACH * 1024, `${(bytesEach / 1024).toFixed(1)} KiB each`);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await new Promise((resolve) => {
    setTimeout(resolve, 2200); // two ticks of the engine
  });
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1000 / (performance.now() - startedMs);
  assert.ok(share < MOST_IDLE_SHARE, `${(share * 100).toFixed(1)} % of a processor`);
  const closingMs = performance.now();
  await engine.close();
  assert.ok(performance.now() - closingMs < 2000);
});
