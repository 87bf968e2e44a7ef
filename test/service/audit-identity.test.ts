// A builder that announces by the URL for anyone is known by the proof of its key, and by nothing less.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { brandBytes, toHex } from '../../src/bytes/index.ts';
import { startTally } from '../../src/service/index.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { Engine, type SeedIdentity } from '../../src/swarm/index.ts';
import { createTorrent, type Metainfo } from '../../src/torrent/index.ts';
import { formatAnnounceUrl } from '../../src/wire/index.ts';
import { startRelay } from '../swarm/relay.ts';
import { auditedOf, commitAll, type Hooks, prepare, type Scene, type View } from './audit-scene.ts';
import { rawGet, sendRaw } from './raw-http.ts';
import { ask, until } from './tally-fixture.ts';

/** An engine on an address of its own; it announces by the URL for anyone unless it shall not. */
async function seed(
  t: Hooks,
  { tally, contentPath }: Scene,
  host: string,
  metainfo: Metainfo,
  { identity, announces = true }: { identity?: SeedIdentity; announces?: boolean },
): Promise<{ host: string; port: number }> {
  const engine = new Engine({ host, localAddress: host });
  t.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(metainfo, contentPath, {
    identity,
    trackers: announces ? [`${tally.url}/announce`] : [],
  });
  return address;
}

/** Announces an address as a seeder's, by the URL for anyone. */
async function announce(
  { tally }: Scene,
  localAddress: string,
  port: number,
  metainfo: Metainfo,
): Promise<void> {
  const target = formatAnnounceUrl('/announce', {
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
  await sendRaw({ url: tally.url }, rawGet(target), { localAddress });
}

test('a builder that seeds by the URL for anyone counts by the proof of its key; mirrors and relays do not', async (t) => {
  const scene = await prepare(t, 20);
  const { cast, view } = scene;
  const [early, late, hidden] = cast.founders as [PrivateKey, PrivateKey, PrivateKey];
  const { metainfo } = await createTorrent(scene.contentPath);
  const hash = toHex(metainfo.infoHashV2);
  await seed(t, scene, '127.0.71.1', metainfo, { identity: { signer: early } });
  const votes = await commitAll(scene, hash);
  await Promise.all(votes.map((vote) => vote()));
  await until(view, (seen) => auditedOf(seen).length === 1);
  // A mirror has no key to prove, a stranger has one that never voted, and a relay passes on to the third builder.
  await seed(t, scene, '127.0.72.1', metainfo, {});
  await seed(t, scene, '127.0.73.1', metainfo, { identity: { signer: generateKey('stranger') } });
  const builder = await seed(t, scene, '127.0.74.1', metainfo, {
    identity: { signer: hidden },
    announces: false,
  });
  const relay = await startRelay(t, '127.0.75.1', builder);
  await announce(scene, relay.host, relay.port, metainfo);
  await until(
    async () => relay.connections(),
    (connections) => connections > 0,
  );
  await seed(t, scene, '127.0.76.1', metainfo, { identity: { signer: late } });
  const seen = await until(view, (now) => auditedOf(now).length === 2);
  assert.deepEqual(auditedOf(seen), ['builder-0', 'builder-1']);
  const { seeders } = await until(view, (now) => now.seeders[hash]?.live === 5);
  assert.deepEqual(seeders[hash], { live: 5, reputable: 2 });
});

test('a builder whose seeding was audited is reputable by its proof after the tally was started again', async (t) => {
  const scene = await prepare(t, 20);
  const { cast, view } = scene;
  const { metainfo } = await createTorrent(scene.contentPath);
  const hash = toHex(metainfo.infoHashV2);
  const [first] = cast.founders as [PrivateKey];
  await seed(t, scene, '127.0.77.1', metainfo, { identity: { signer: first } });
  const votes = await commitAll(scene, hash);
  await Promise.all(votes.map((vote) => vote()));
  await until(view, (seen) => auditedOf(seen).length === 1);
  await scene.tally.close();
  const again = await startTally({ dataFolder: scene.dataFolder });
  t.after(() => again.close());
  const seenAgain = async (): Promise<View> =>
    (await ask(`${again.url}/api/v1/releases/${scene.release}`)).body as never;
  await seed(t, { ...scene, tally: again }, '127.0.77.2', metainfo, { identity: { signer: first } });
  const { seeders } = await until(seenAgain, (seen) => seen.seeders[hash]?.reputable === 1);
  assert.deepEqual(seeders[hash], { live: 1, reputable: 1 });
});
