// Nobody can make two torrents whose infohashes share their first 20 bytes, but a vote may name any 32.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import type { PrivateKey } from '../../src/statement/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { auditedOf, prepare } from './audit-scene.ts';
import { ask, ballot, post, until } from './tally-fixture.ts';

test('a vote for another infohash with the same first 20 bytes is told apart, audited by all 32, and takes nothing from the rest', async (t) => {
  const scene = await prepare(t);
  const { cast, tally, release, contentPath, view } = scene;
  const { metainfo } = await createTorrent(contentPath);
  const hash = toHex(metainfo.infoHashV2);
  const alike = hash.slice(0, 40) + 'ab'.repeat(12);
  const [liar, ...honest] = cast.founders as [PrivateKey, ...PrivateKey[]];
  const ballots = cast.founders.map((key) => ballot(key, tally.origin, release, key === liar ? alike : hash));
  for (const { commit } of ballots) assert.equal((await post(tally, commit())).status, 201);
  await until(view, ({ state }) => state === 'voting');
  for (const { vote } of ballots) assert.equal((await post(tally, vote())).status, 201); // the liar's is the first

  // In the swarm all three are one: each seeds the true content, by its own announce URL.
  for (const [at, key] of cast.founders.entries()) {
    const host = `127.0.${61 + at}.1`;
    const engine = new Engine({ host, localAddress: host });
    t.after(() => engine.close());
    await engine.listen();
    const trackers = [`${tally.url}/announce/${key.announceToken(tally.origin)}`];
    await engine.seed(metainfo, contentPath, { trackers });
  }
  const { state, winner, builders, magnets, seeders } = await until(
    view,
    (seen) => !['committing', 'voting'].includes(seen.state),
  );
  assert.deepEqual([state, winner], ['final', hash]);
  assert.deepEqual(auditedOf({ builders }), honest.map(({ name }) => name).sort());
  const of = new Map(builders.map((builder) => [builder.key, builder]));
  assert.equal(of.get(liar.key)?.infoHashV2, alike);
  for (const { key } of honest) assert.equal(of.get(key)?.infoHashV2, hash);
  assert.equal(seeders[hash]?.reputable, 2);
  assert.equal(seeders[alike]?.reputable ?? 0, 0);
  assert.ok(magnets[hash]?.includes(hash));
  assert.equal((await ask(`${tally.url}/blob/${hash}`)).status, 200);
  assert.equal((await ask(`${tally.url}/blob/${alike}`)).status, 404, 'no info dictionary is shown for it');
});
