import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { LogFollower, TallyClient } from '../../src/client/index.ts';
import { parseTlogPolicy } from '../../src/note/index.ts';
import { initTally, startTally } from '../../src/service/index.ts';
import { releaseView } from '../../src/tally/index.ts';
import { generateCosigner, startWitness } from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  ask,
  builderEntry,
  digestOf,
  makeCast,
  policyToml,
  post,
  releaseEntry,
  until,
} from './tally-fixture.ts';

test('two running witnesses give the lot its seed, and a client that counts for itself draws the same panel', async (t) => {
  const folder = temporaryFolder('lot');
  const cast = makeCast(5);
  const cosigners = ['w1.test', 'w2.test'].map((name) => generateCosigner(name, 'ed25519'));
  const dataFolder = join(folder, 'data');
  const witnesses = `[witnesses]\nkeys = ${JSON.stringify(cosigners.map(({ vkey }) => vkey))}\nquorum = 2\n`;
  const { vkey } = await initTally({
    dataFolder,
    policyToml: `${policyToml(cast, 60).replace('panelSeats = 15', 'panelSeats = 3')}${witnesses}`,
    founders: cast.founders.slice(0, 1),
    origin: 'lot.test/log',
  });
  const running = await Promise.all(
    cosigners.map((cosigner, at) =>
      startWitness({ dataFolder: join(folder, `witness-${at}`), cosigners: [cosigner], logs: [vkey] }),
    ),
  );
  for (const witness of running) t.after(() => witness.close());
  const lines = running.map(({ url }, at) => `witness w${at} ${cosigners[at]?.vkey} ${url}\n`).join('');
  const tally = await startTally({
    dataFolder,
    witnesses: parseTlogPolicy(toUtf8(`${lines}group all 2 w0 w1\nquorum all\n`)),
  });
  t.after(() => tally.close());
  for (const founder of cast.founders) {
    assert.equal((await post(tally, builderEntry(founder, tally.origin))).status, 201);
  }
  const envelope = releaseEntry(cast.publisher, tally.origin, { windowSeconds: 60 });
  assert.equal((await post(tally, envelope)).status, 201);
  const digest = digestOf(envelope);
  const { body } = await until(
    () => ask(`${tally.url}/api/v1/releases/${digest}`),
    (answer) => answer.body['state'] === 'committing',
  );
  assert.equal(body['seedBy'], 'witnesses');
  const follower = new LogFollower(new TallyClient(tally.url), {
    logKey: tally.logKey,
    stateFolder: join(folder, 'state'),
  });
  await until(
    async () => {
      await follower.update(AbortSignal.timeout(10_000));
      return releaseView(follower.tally, digest);
    },
    (view) => view?.state === 'committing',
  );
  const view = releaseView(follower.tally, digest);
  assert.deepEqual(view?.panel, body['panel']);
  assert.equal(view?.panel.length, 3);
  assert.deepEqual(follower.tally.alarms, []);
  const seed = follower.tally.releases.get(digest)?.seed;
  assert.equal(seed?.cosignatures.length, 2);
  assert.ok((seed?.size ?? 0) > (view?.index ?? Infinity), 'the checkpoint holds the release');
});
