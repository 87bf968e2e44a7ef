import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { brandBytes, toHex } from '../../src/bytes/index.ts';
import { startTally } from '../../src/service/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent, type Metainfo, parseMagnet } from '../../src/torrent/index.ts';
import { formatAnnounceUrl, formatScrapeUrl, parseAnnounceResponse } from '../../src/wire/index.ts';
import { auditedOf, commitAll, type Hooks, prepare, type Scene, type View } from './audit-scene.ts';
import { openEvents } from './event-stream.ts';
import { rawGet, sendRaw } from './raw-http.ts';
import { ask, ballot, builderEntry, post, until } from './tally-fixture.ts';

/** An engine on an address of its own that seeds by a builder's announce URL. */
async function seed(
  t: Hooks,
  { tally, contentPath }: Scene,
  key: PrivateKey,
  host: string,
  metainfo: Metainfo,
): Promise<number> {
  const engine = new Engine({ host, localAddress: host });
  t.after(() => engine.close());
  const { port } = await engine.listen();
  const trackers = [`${tally.url}/announce/${key.announceToken(tally.origin)}`];
  await engine.seed(metainfo, contentPath, { trackers });
  return port;
}

/** Announces by a builder's URL without seeding anything. */
async function pretend(
  { tally }: Scene,
  key: PrivateKey,
  localAddress: string,
  port: number,
  metainfo: Metainfo,
): Promise<number> {
  const target = formatAnnounceUrl(`/announce/${key.announceToken(tally.origin)}`, {
    infoHash: metainfo.infoHashV2.subarray(0, 20),
    peerId: brandBytes('PeerId', randomBytes(20)),
    port,
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 0,
    event: 'started',
    numWant: null,
    compact: true,
    noPeerId: false,
    key: '',
    trackerId: '',
  });
  const answer = parseAnnounceResponse(
    (await sendRaw({ url: tally.url }, rawGet(target), { localAddress })).body,
  );
  return answer.intervalSeconds;
}

const hexOf = (bytes: Uint8Array | undefined): string => (bytes === undefined ? 'none' : toHex(bytes));

test('who seeds is audited at the address that announced, before or after its vote; who pretends is not', async (t) => {
  const scene = await prepare(t);
  const { cast, tally, contentPath, view, dataFolder, release } = scene;
  const { metainfo } = await createTorrent(contentPath);
  const hash = toHex(metainfo.infoHashV2);
  const [early, late, fake] = cast.founders as [PrivateKey, PrivateKey, PrivateKey];
  const stop = new AbortController();
  t.after(async () => stop.abort());
  const next = await openEvents(`${tally.url}/api/v1/events`, stop.signal);
  const port = await seed(t, scene, early, '127.0.21.1', metainfo);
  const votes = await commitAll(scene, hash);
  await Promise.all(votes.map((vote) => vote()));
  await seed(t, scene, late, '127.0.22.1', metainfo);
  // The pretender names the port of an honest seeder, as if that were its own.
  const intervalSeconds = await pretend(scene, fake, '127.0.23.1', port, metainfo);
  assert.equal(
    intervalSeconds,
    SERVICE_LIMITS.tracker.minIntervalSeconds,
    'a vote that waits announces soon again',
  );
  await until(view, (seen) => auditedOf(seen).length === 2);
  const { state, winner, builders, seeders, magnets } = await until(view, (seen) => seen.state === 'final');
  assert.deepEqual([state, winner], ['final', hash]);
  assert.deepEqual(auditedOf({ builders }), ['builder-0', 'builder-1']);
  assert.equal(builders.find(({ key }) => key === fake.key)?.status, 'not counted');
  assert.deepEqual(seeders[hash], { live: 3, reputable: 2 });
  for (let told = 0; told !== 2; ) told = (await next('seeders')).data['reputable'] as number;

  const magnet = parseMagnet(magnets[hash] as string);
  assert.equal(hexOf(magnet.infoHashV1), hexOf(metainfo.infoHashV1));
  assert.equal(magnet.name, 'hashes-2.0.1.tgz');
  assert.deepEqual(magnet.trackers, [`${tally.url}/announce`]);
  const scrape = await sendRaw(
    tally,
    rawGet(formatScrapeUrl('/announce', [metainfo.infoHashV1 as Uint8Array]) as string),
  );
  assert.match(scrape.body.toString('latin1'), /8:completei3e/, 'the v1 infohash is the same swarm');

  await tally.close();
  const again = await startTally({ dataFolder });
  t.after(() => again.close());
  const { body } = await ask(`${again.url}/api/v1/releases/${release}`);
  const kept = parseMagnet((body as unknown as View).magnets[hash] as string);
  assert.equal(hexOf(kept.infoHashV1), hexOf(metainfo.infoHashV1));
  assert.equal(kept.name, magnet.name);
});

test('a torrent in another profile than the release asks for is no vote, however well it is seeded', async (t) => {
  const scene = await prepare(t, 3);
  const { metainfo } = await createTorrent(scene.contentPath, { profile: 'v2' });
  const votes = await commitAll(scene, toHex(metainfo.infoHashV2));
  const [first, second] = scene.cast.founders as [PrivateKey, PrivateKey];
  await seed(t, scene, first, '127.0.24.1', metainfo);
  await seed(t, scene, second, '127.0.25.1', metainfo);
  await Promise.all(votes.map((vote) => vote()));
  const view = await until(scene.view, ({ state }) => state !== 'voting');
  assert.equal(view.state, 'failed');
  assert.deepEqual(auditedOf(view), []);
});

test('what a mirror seeds fills no disk: an info dictionary is kept when a builder whose vote counts seeds it', async (t) => {
  const scene = await prepare(t);
  const { cast, tally, release, contentPath, view } = scene;
  const { metainfo } = await createTorrent(contentPath);
  const hash = toHex(metainfo.infoHashV2);
  const kept = async (): Promise<number> => (await ask(`${tally.url}/blob/${hash}`)).status;
  const [founder] = cast.founders as [PrivateKey];
  const mirror = generateKey('mirror');
  await post(tally, builderEntry(mirror, tally.origin));
  const [vote] = await commitAll(scene, hash);
  assert.equal((await post(tally, ballot(mirror, tally.origin, release, hash).vote())).status, 201);
  await seed(t, scene, mirror, '127.0.26.1', metainfo);
  await until(view, (seen) => auditedOf(seen).includes('mirror'));
  assert.equal(await kept(), 404);
  await vote?.();
  await seed(t, scene, founder, '127.0.27.1', metainfo);
  await until(view, (seen) => auditedOf(seen).includes(founder.name));
  assert.equal(await kept(), 200);
});
