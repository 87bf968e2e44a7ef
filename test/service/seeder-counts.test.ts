import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brandBytes } from '../../src/bytes/index.ts';
import { addressBytes } from '../../src/service/address.ts';
import type { SeedersEvent } from '../../src/service/events/event-hub.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { seededRandom } from '../../src/service/random.ts';
import { SeederCounts } from '../../src/service/seeder-counts.ts';
import { AnnounceStore } from '../../src/service/tracker/announce-store.ts';
import { VoteIndex } from '../../src/service/vote-index.ts';

const infoHashV2 = 'ab'.repeat(32);

test('readers that come back in a storm have the seeders counted once a pause, and miss no change', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const random = seededRandom(Uint32Array.of(1, 2, 3, 4));
  const told: SeedersEvent[] = [];
  let asked = 0;
  const store = new AnnounceStore(SERVICE_LIMITS.tracker, random, (name) => seeders.changed(name));
  const votes = new VoteIndex();
  const vote = { release: 'release', builder: 'builder', infoHashV2 };
  votes.add(vote);
  votes.pass(vote);
  const seeders = new SeederCounts({
    store,
    votes,
    counts: () => {
      asked += 1;
      return true;
    },
    pauseMs: 1000,
    tell: (event) => told.push(event),
  });
  context.after(() => seeders.close());
  const join = (number: number, builder: string | null): void => {
    store.announce({
      infoHash: infoHashV2.slice(0, 40),
      address: addressBytes(`10.0.0.${number}`),
      port: 6881,
      peerId: brandBytes('PeerId', new Uint8Array(20).fill(number)),
      clientKey: '',
      seeding: true,
      event: null,
      wanted: 0,
      builder,
      audited: false,
      timeMs: 0,
    });
  };
  join(1, 'builder');
  for (let reader = 0; reader < 200; reader += 1) {
    assert.deepEqual([...seeders.all()], [{ infoHashV2, live: 1, reputable: 1 }]);
  }
  assert.equal(asked, 1);
  context.mock.timers.tick(500);
  join(2, null);
  context.mock.timers.tick(500); // told: the change of the beginning, with what came since
  const now = { infoHashV2, live: 2, reputable: 1 };
  assert.deepEqual(told, [now]);
  assert.deepEqual([...seeders.all()], [now], 'a reader that comes after what was told has it');
});
