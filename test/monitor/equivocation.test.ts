// Builders that contradict themselves: told with both entries, while it matters, and without harm to the log.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { nodeHasher } from '../../src/log/index.ts';
import { verifyInclusion } from '../../src/merkle/index.ts';
import { parseCheckpoint, parseNote, parseTlogProof } from '../../src/note/index.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { TestLog } from '../client/test-log.ts';
import { NEVER, Scene } from './scene.ts';

const GOOD = 'ab'.repeat(32);
const BAD = 'ef'.repeat(32);

async function opened(t: TestContext, log = new TestLog()) {
  const scene = await Scene.make(t, log);
  const builders = [...log.founders, generateKey('stranger')];
  for (const [at, key] of builders.entries()) log.register(key, `operator-${at}`);
  const monitor = await scene.start();
  const look = async (): Promise<string[]> => {
    scene.aheadMs = log.aheadMs;
    assert.equal(await monitor.round(NEVER), true);
    return scene.told();
  };
  return { scene, log, builders, monitor, look, release: log.release(toUtf8('# a recipe\n')) };
}

for (const what of ['commitments', 'votes'] as const) {
  test(`two ${what} of a builder on the panel are told with both entries, until the verdict`, async (t) => {
    const { scene, log, builders, monitor, look, release } = await opened(t);
    const twice = log.founders[2] as PrivateKey;
    for (const key of builders) log.commit(release, key, GOOD);
    assert.deepEqual(await look(), []);
    const first = log.entries.length - 2; // the third founder's, before the stranger's
    if (what === 'commitments') log.commit(release, twice, BAD);
    const second = log.entries.length - 1;
    log.pass(61);
    const votes = log.entries.length;
    for (const key of builders) if (key !== twice || what === 'votes') log.vote(release, key, GOOD);
    if (what === 'votes') log.vote(release, twice, BAD);
    assert.deepEqual(await look(), ['equivocation']);
    await look();
    assert.deepEqual(scene.told(), ['equivocation'], 'it is told once');
    const expected = what === 'commitments' ? [first, second] : [votes + 2, log.entries.length - 1];
    const files = await scene.evidence('equivocation');
    const proved = ['earlier', 'entry'].map((name) => {
      const proof = parseTlogProof(files.get(`${name}.tlog-proof`) ?? new Uint8Array());
      const { size, root } = parseCheckpoint(parseNote(proof.checkpoint).text);
      const leafHash = nodeHasher.leaf(files.get(`${name}.leaf`) ?? new Uint8Array());
      verifyInclusion({ index: proof.index, leafHash, size, root, proof: proof.hashes }, nodeHasher);
      return proof.index;
    });
    assert.deepEqual(proved, expected);
    const alarm = scene.events.find((event) => event.event === 'alarm');
    assert.match(
      alarm?.message ?? '',
      new RegExp(`^builder ${twice.key} logged two different ${what} about ${release}`),
    );
    const kind = what === 'votes' ? 'vote' : 'commit';
    assert.deepEqual(alarm?.entry, { kind, index: expected[1] });
    assert.match(await monitor.metrics.text(), /bitquorum_monitor_alarm\{kind="equivocation"\} 1\n/);
    log.pass(61);
    assert.deepEqual(await look(), ['equivocation', 'over equivocation']);
    assert.deepEqual([...monitor.alarms], []);
  });
}

test('what builders that do not count say twice is no alarm', async (t) => {
  const { log, builders, look, release } = await opened(t);
  for (const key of builders) log.commit(release, key, GOOD);
  log.commit(release, builders[3] as PrivateKey, BAD);
  assert.deepEqual(await look(), []);
});

test('no builder ends the signing of states by contradicting himself', async (t) => {
  const signer = generateKey('monitor');
  const log = new TestLog('log.test/1', { monitors: { keys: [signer.vkey], quorum: 1 } });
  const { scene, builders } = await opened(t, log);
  const release = log.release(toUtf8('# another recipe\n'), {
    commitSeconds: 180_000,
    package: 'pkg:npm/other@1.0.0',
  });
  for (const infoHashV2 of [GOOD, BAD]) log.commit(release, builders[0] as PrivateKey, infoHashV2);
  log.pass(90_000); // a state is due each day
  const { last } = log.tally.light;
  assert.ok(last !== undefined);
  const path = `/api/v1/states/${last.index}/signatures`;
  log.meddle = (request, response) => {
    if (request.url === path) response.writeHead(204).end();
    return request.url === path;
  };
  scene.aheadMs = log.aheadMs;
  const monitor = await scene.start({ signer });
  await monitor.round(NEVER);
  assert.deepEqual([...monitor.alarms], ['equivocation']);
  assert.ok(log.requests.includes(`POST ${path}`), log.requests.join(', '));
});
