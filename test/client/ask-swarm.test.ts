import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { getRelease, TallyClient } from '../../src/client/index.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { encodeAnnounceResponse } from '../../src/wire/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PACKAGE, TestLog } from './test-log.ts';

const CONTENT = Buffer.from('what three builders made of it\n'.repeat(900));

/** A decided release, and one seeder for each key; without a key one that proves none. */
async function scene(context: TestContext, keys: (log: TestLog) => readonly (PrivateKey | undefined)[]) {
  const folder = temporaryFolder('ask');
  const path = join(folder, 'small.tgz');
  await writeFile(path, CONTENT);
  const { metainfo } = await createTorrent(path);
  const log = new TestLog();
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const infoHashV2 = toHex(metainfo.infoHashV2);
  log.decide(
    log.release(Buffer.from('recipe')),
    log.founders.map((key) => ({ key, infoHashV2 })),
  );
  const seeders: { host: string; port: number }[] = [];
  for (const signer of keys(log)) {
    const engine = new Engine();
    context.after(() => engine.close());
    seeders.push(await engine.listen());
    await engine.seed(metainfo, path, {
      isVerified: true,
      ...(signer !== undefined && { identity: { signer } }),
    });
  }
  await log.serve(context);
  log.meddle = (request, response) => {
    if (request.url?.startsWith('/announce') !== true) return false;
    response.end(
      encodeAnnounceResponse({ intervalSeconds: 1800, complete: 3, incomplete: 0, peers: seeders }),
    );
    return true;
  };
  const get = (least: number) =>
    getRelease(new TallyClient(log.url), PACKAGE, {
      logKey: log.vkey,
      stateFolder: join(folder, 'state'),
      outFolder: join(folder, 'out'),
      askSwarm: least,
      signal: AbortSignal.timeout(30_000),
      nowMs: () => log.nowMs(),
    });
  return { log, get };
}

test('seeders that the tracker lists prove the keys of builders that voted for the winner', async (context) => {
  const { log, get } = await scene(context, ({ founders }) => [
    founders[0],
    founders[2],
    undefined,
    generateKey('stranger'),
  ]);
  const { asked, path, proofPath } = await get(2);
  const expected = [log.founders[0], log.founders[2]].map((key) => key?.key ?? '').sort();
  assert.deepEqual(asked, { asked: 4, proved: expected });
  assert.deepEqual(await readFile(path), CONTENT);
  assert.equal(proofPath, `${path}.bitquorum-proof`);
});

test('a stranger’s seeders, and the same builder twice, are no quorum: nothing is installed', async (context) => {
  const { log, get } = await scene(context, ({ founders }) => [
    founders[1],
    founders[1],
    generateKey('stranger'),
  ]);
  await assert.rejects(get(2), { code: 'no-quorum', message: /of 3 seeders that were asked, 1 proved/ });
  assert.ok(
    log.requests.some((line) => line.includes('event=stopped')),
    'it took leave of the tracker',
  );
});
