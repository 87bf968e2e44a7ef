import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { brandBytes, fromHex, type InfoHashV2 } from '../../src/bytes/index.ts';
import { addressBytes } from '../../src/service/address.ts';
import { SERVICE_LIMITS, type TrackerLimits } from '../../src/service/limits.ts';
import { seededRandom } from '../../src/service/random.ts';
import { type Announce, AnnounceStore } from '../../src/service/tracker/announce-store.ts';

const V2 = brandBytes('InfoHashV2', fromHex('ab'.repeat(32))) as InfoHashV2;
const TRUNCATED = 'ab'.repeat(20);
const V1 = 'cd'.repeat(20);

function storeWith(limits: Partial<TrackerLimits> = {}): { store: AnnounceStore; changed: string[] } {
  const changed: string[] = [];
  const random = seededRandom(Uint32Array.of(1, 2, 3, 4));
  const store = new AnnounceStore({ ...SERVICE_LIMITS.tracker, ...limits }, random, (name) =>
    changed.push(name),
  );
  return { store, changed };
}

function announceOf(change: Partial<Omit<Announce, 'address'>> & { ip?: string } = {}): Announce {
  const { ip = '10.0.0.1', ...rest } = change;
  return {
    infoHash: TRUNCATED,
    address: addressBytes(ip),
    port: 6881,
    peerId: brandBytes('PeerId', new Uint8Array(20)),
    clientKey: '',
    seeding: true,
    event: null,
    wanted: 50,
    builder: null,
    audited: false,
    timeMs: 0,
    ...rest,
  };
}

const endpoints = (peers: readonly { address: Uint8Array; port: number }[]): string[] =>
  peers.map(({ address, port }) => `${address.join('.')}:${port}`).sort();

test('a leecher gets seeders and leechers, a seeder gets leechers only, nobody gets itself', () => {
  const { store } = storeWith();
  store.announce(announceOf({ ip: '10.0.0.1' }));
  store.announce(announceOf({ ip: '10.0.0.2' }));
  const leecher = store.announce(announceOf({ ip: '10.0.0.3', seeding: false }));
  assert.deepEqual(endpoints(leecher.peers), ['10.0.0.1:6881', '10.0.0.2:6881']);
  assert.deepEqual(leecher.counts, { complete: 2, incomplete: 1, downloaded: 0 });
  const seeder = store.announce(announceOf({ ip: '10.0.0.1' }));
  assert.deepEqual(endpoints(seeder.peers), ['10.0.0.3:6881']);
});

test('stopped takes a peer out, completed counts a download, expiry forgets', () => {
  const { store, changed } = storeWith({ expirySeconds: 100 });
  store.announce(announceOf({ seeding: false }));
  store.announce(announceOf({ event: 'completed' }));
  assert.deepEqual(store.counts(TRUNCATED), { complete: 1, incomplete: 0, downloaded: 1 });
  store.announce(announceOf({ ip: '10.0.0.2', timeMs: 90_000 }));
  store.sweep(100_001);
  assert.equal(store.counts(TRUNCATED).complete, 1);
  store.announce(announceOf({ ip: '10.0.0.2', event: 'stopped' }));
  assert.deepEqual(store.size, { swarms: 0, peers: 0, addresses: 0 });
  assert.equal(changed.length, 4);
});

test('a stop from another address takes nobody out', () => {
  const { store } = storeWith();
  store.announce(announceOf({ ip: '10.0.0.1' }));
  store.announce(announceOf({ ip: '10.6.6.6', event: 'stopped' }));
  assert.equal(store.counts(TRUNCATED).complete, 1);
});

test('a client that moved is known by its key; without the same key it is another', () => {
  const { store } = storeWith();
  store.announce(announceOf({ ip: '10.0.0.1', clientKey: 'secret' }));
  store.announce(announceOf({ ip: '10.6.6.6', clientKey: 'guess' }));
  assert.equal(store.counts(TRUNCATED).complete, 2);
  store.announce(announceOf({ ip: '10.0.0.9', clientKey: 'secret' }));
  const { peers } = store.announce(announceOf({ ip: '10.0.0.7', seeding: false }));
  assert.deepEqual(endpoints(peers), ['10.0.0.9:6881', '10.6.6.6:6881']);
  // The other address family is a second way to the same client, so that it does not replace the first.
  store.announce(announceOf({ ip: '2001:db8::1', clientKey: 'secret' }));
  assert.equal(store.counts(TRUNCATED).complete, 3);
  assert.equal(store.size.peers, 4);
});

test('a seeder that moves and seeds no more, or finds no place, is told as gone', () => {
  const { store, changed } = storeWith({ peersPerAddress: 1 });
  store.announce(announceOf({ clientKey: 'k' }));
  changed.length = 0;
  store.announce(announceOf({ clientKey: 'k', port: 7000, seeding: false }));
  assert.deepEqual([changed, store.counts(TRUNCATED).complete], [[TRUNCATED], 0]);
  store.announce(announceOf({ clientKey: 'k', port: 7000 }));
  store.announce(announceOf({ ip: '10.0.0.2', port: 1, infoHash: V1 }));
  changed.length = 0;
  const { refused } = store.announce(announceOf({ clientKey: 'k', ip: '10.0.0.2', port: 7001 }));
  assert.deepEqual([refused, changed], ['too many peers have your address', [TRUNCATED]]);
});

test('a v1 infohash and the truncated v2 one become one swarm, before and after they are joined', () => {
  const { store } = storeWith();
  store.announce(announceOf({ infoHash: V1, ip: '10.0.0.1' }));
  store.announce(announceOf({ infoHash: TRUNCATED, ip: '10.0.0.2' }));
  store.join(V1, V2);
  assert.equal(store.counts(V1).complete, 2);
  const { peers } = store.announce(announceOf({ infoHash: V1, ip: '10.0.0.3', seeding: false }));
  assert.deepEqual(endpoints(peers), ['10.0.0.1:6881', '10.0.0.2:6881']);
  assert.deepEqual(store.size, { swarms: 1, peers: 3, addresses: 3 });
});

test('a flood of swarms stays within its caps, and never takes the place of a voted infohash', () => {
  const { store } = storeWith({ strangeSwarms: 10, strangeSwarmsPerAddress: 4 });
  const nth = (index: number): string => index.toString(16).padStart(40, '0');
  for (let index = 0; index < 100; index += 1) store.announce(announceOf({ infoHash: nth(index) }));
  assert.equal(store.size.swarms, 4);
  for (let index = 0; index < 100; index += 1) {
    store.announce(announceOf({ infoHash: nth(1000 + index), ip: `10.0.1.${index}` }));
  }
  assert.equal(store.size.swarms, 10);
  const full = store.announce(announceOf({ ip: '10.0.2.1' }));
  assert.match(full.refused ?? '', /full/);
  store.welcome(V2);
  assert.equal(store.announce(announceOf({ ip: '10.0.2.1' })).refused, null);
  assert.equal(store.size.swarms, 11);
});

test('a flood of peers stays within its caps; an audited builder still gets a place, but not every place', () => {
  const { store } = storeWith({ peersPerSwarm: 20, peersPerAddressAndSwarm: 5, peersPerBuilderAndSwarm: 2 });
  for (let port = 1; port <= 100; port += 1) store.announce(announceOf({ port }));
  assert.equal(store.size.peers, 5);
  for (let index = 0; index < 100; index += 1) store.announce(announceOf({ ip: `10.0.1.${index}` }));
  assert.equal(store.size.peers, 20);
  const audited = { builder: 'b'.repeat(64), audited: true, ip: '10.9.9.9' };
  for (let port = 1; port <= 100; port += 1) store.announce(announceOf({ ...audited, port }));
  assert.equal(store.size.peers, 22);
  const { peers } = store.announce(announceOf({ ip: '10.3.0.1', seeding: false, wanted: 4 }));
  assert.equal(peers.filter((peer) => peer.audited).length, 2, 'audited seeders come first');
});

test('a vouched builder is audited from then on', () => {
  const { store, changed } = storeWith();
  const builder = 'b'.repeat(64);
  store.announce(announceOf({ builder }));
  store.announce(announceOf({ ip: '10.0.0.2' }));
  store.vouch(V2, builder);
  assert.deepEqual(
    [...store.seeding(TRUNCATED)].map((peer) => [peer.builder, peer.audited]),
    [
      [builder, true],
      [null, false],
    ],
  );
  assert.equal(changed.length, 3);
});

test('a builder that announces by the open URL as well stays the builder', () => {
  const { store } = storeWith();
  const builder = 'b'.repeat(64);
  store.announce(announceOf({ builder, audited: true }));
  store.announce(announceOf());
  assert.deepEqual(
    [...store.seeding(TRUNCATED)].map((peer) => [peer.builder, peer.audited]),
    [[builder, true]],
  );
  store.announce(announceOf({ peerId: brandBytes('PeerId', new Uint8Array(20).fill(1)) }));
  assert.deepEqual(
    [...store.seeding(TRUNCATED)].map((peer) => [peer.builder, peer.audited]),
    [[null, false]],
  );
});

test('a seeder that proved its builder is listed as that builder’s, until it is somebody else', () => {
  const { store, changed } = storeWith();
  const builder = 'b'.repeat(64);
  const place = { address: addressBytes('10.0.0.1'), port: 6881 };
  const listed = (): unknown[] => [...store.seeding(TRUNCATED)].map((peer) => [peer.builder, peer.audited]);
  assert.equal(store.claim(TRUNCATED, place, builder, true), false, 'nobody announced there');
  store.announce(announceOf({ seeding: false }));
  assert.equal(store.claim(TRUNCATED, place, builder, true), false, 'a leecher is no seeder');
  store.announce(announceOf());
  assert.equal(store.builderAt(TRUNCATED, place), null);
  changed.length = 0;
  assert.equal(store.claim(TRUNCATED, place, builder, true), true);
  assert.deepEqual([listed(), store.builderAt(TRUNCATED, place)], [[[builder, true]], builder]);
  assert.deepEqual(changed, [TRUNCATED]);
  assert.equal(store.claim(TRUNCATED, place, 'c'.repeat(64), true), false, 'it is a builder’s already');
  store.announce(announceOf());
  assert.deepEqual(listed(), [[builder, true]]);
  store.announce(announceOf({ peerId: brandBytes('PeerId', new Uint8Array(20).fill(1)) }));
  assert.deepEqual(listed(), [[null, false]]);
});

test('answers are cut to the limit, and the same seed chooses the same peers', () => {
  const answers = [1, 2].map(() => {
    const { store } = storeWith({ maxWanted: 7, peersPerAddressAndSwarm: 100 });
    for (let port = 1; port <= 90; port += 1) store.announce(announceOf({ port }));
    return endpoints(store.announce(announceOf({ ip: '10.0.0.2', seeding: false, wanted: 1e9 })).peers);
  });
  assert.equal(answers[0]?.length, 7);
  assert.deepEqual(answers[0], answers[1]);
});

test('whatever is announced, the figures agree with the peers that are held', () => {
  const step = fc.record({
    ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'),
    infoHash: fc.constantFrom(TRUNCATED, V1, '11'.repeat(20)),
    port: fc.integer({ min: 1, max: 4 }),
    clientKey: fc.constantFrom('', 'k', 'l'),
    seeding: fc.boolean(),
    event: fc.constantFrom(null, 'started' as const, 'stopped' as const, 'completed' as const),
    builder: fc.constantFrom(null, 'b'.repeat(64)),
    audited: fc.boolean(),
    timeMs: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, joinAt) => {
      const { store } = storeWith({ expirySeconds: 5, peersPerSwarm: 6, peersPerAddressAndSwarm: 3 });
      let nowMs = 0;
      for (const [at, each] of steps.entries()) {
        if (at === joinAt) store.join(V1, V2);
        if (at % 7 === 6) store.sweep(nowMs);
        nowMs = Math.max(nowMs, each.timeMs);
        store.announce(announceOf({ ...each, timeMs: nowMs }));
      }
      const names = [...(joinAt < steps.length ? [] : [V1]), TRUNCATED, '11'.repeat(20)];
      const held = names.map((name) => store.counts(name));
      const peers = held.reduce((sum, { complete, incomplete }) => sum + complete + incomplete, 0);
      assert.equal(store.size.peers, peers);
      store.sweep(nowMs + 1e9);
      assert.deepEqual(store.size, { swarms: 0, peers: 0, addresses: 0 });
    }),
  );
});
