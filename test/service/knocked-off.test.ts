import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { startTally } from '../../src/service/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { auditedOf, commitAll, prepare } from './audit-scene.ts';
import { makeCast, makeData, until } from './tally-fixture.ts';

test('seeders that are knocked off the net after their audit lose no vote', async (t) => {
  const scene = await prepare(t);
  const { cast, tally, contentPath } = scene;
  const { metainfo } = await createTorrent(contentPath);
  const hash = toHex(metainfo.infoHashV2);
  const votes = await commitAll(scene, hash);
  const engines = await Promise.all(
    cast.founders.map(async (founder, number) => {
      const host = `127.0.${31 + number}.1`;
      const engine = new Engine({ host, localAddress: host });
      t.after(() => engine.close());
      await engine.listen();
      const trackers = [`${tally.url}/announce/${founder.announceToken(tally.origin)}`];
      await engine.seed(metainfo, contentPath, { trackers });
      return engine;
    }),
  );
  await Promise.all(votes.map((vote) => vote()));
  await until(scene.view, (seen) => auditedOf(seen).length === cast.founders.length);
  await Promise.all(engines.map((engine) => engine.close()));
  const before = await until(scene.view, ({ seeders }) => (seeders[hash]?.live ?? 0) === 0);
  assert.equal(before.state, 'voting', 'they are gone before the verdict');
  const { state, winner } = await until(scene.view, (seen) => seen.state !== 'voting');
  assert.deepEqual([state, winner], ['final', hash]);
});

test('a tally that is told no address listens on loopback', async (t) => {
  const tally = await startTally({ dataFolder: await makeData(makeCast()) });
  t.after(() => tally.close());
  assert.equal(new URL(tally.url).hostname, '127.0.0.1');
});
