import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import type { PrivateKey } from '../../src/statement/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { startLibtorrent } from '../interop/libtorrent-peer.ts';
import { needs } from '../support/needs.ts';
import { auditedOf, commitAll, prepare } from './audit-scene.ts';
import { until } from './tally-fixture.ts';

test('a stock libtorrent that announces by a builder’s own URL is audited, and its vote counts', {
  skip: needs('libtorrent'),
}, async (t) => {
  const scene = await prepare(t, 15);
  const { cast, tally, contentPath, view } = scene;
  const { metainfo } = await createTorrent(contentPath);
  const hash = toHex(metainfo.infoHashV2);
  const votes = await commitAll(scene, hash);
  const folder = path.dirname(contentPath);
  const [first, second] = cast.founders as [PrivateKey, PrivateKey];
  for (const [at, key] of [first, second].entries()) {
    const tracker = `${tally.url}/announce/${key.announceToken(tally.origin)}`;
    const { torrent } = await createTorrent(contentPath, { trackers: [tracker] });
    const file = path.join(folder, `${at}.torrent`);
    await writeFile(file, torrent);
    await startLibtorrent(t, { listen: `127.0.2${6 + at}.1:0`, folder, torrent: file });
  }
  await Promise.all(votes.map((vote) => vote()));
  const seen = await until(view, (now) => auditedOf(now).length === 2, 14_000);
  assert.deepEqual(auditedOf(seen), ['builder-0', 'builder-1']);
  assert.equal(seen.seeders[hash]?.reputable, 2);
});
