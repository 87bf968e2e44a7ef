import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { decodeLeaf, encodeLeaf, nodeHasher } from '../../src/log/index.ts';
import { verifyInclusion } from '../../src/merkle/index.ts';
import { serveMonitor } from '../../src/monitor/index.ts';
import {
  noteVerifier,
  openNote,
  parseCheckpoint,
  parseNote,
  parseTlogPolicy,
  parseTlogProof,
} from '../../src/note/index.ts';
import { generateKey, verifyEd25519 } from '../../src/statement/index.ts';
import { generateCosigner } from '../../src/witness/index.ts';
import { TestLog } from '../client/test-log.ts';
import { lie, NEVER, Scene } from './scene.ts';

const RECIPE = toUtf8('# a recipe\n');
const INFOHASH = 'ab'.repeat(32);

function grow(log: TestLog, count: number): void {
  for (let at = 0; at < count; at += 1) log.register(generateKey('b'), `operator-${log.entries.length}`);
}

/** A log that signs with another's key, and tells another story from entry 1 on. */
async function twin(t: Parameters<TestLog['serve']>[0], log: TestLog): Promise<TestLog> {
  const other = new TestLog(log.logKey.name);
  Reflect.set(other, 'logKey', log.logKey);
  other.entries[0] = log.entries[0] ?? new Uint8Array();
  await other.serve(t);
  return other;
}

test('an honest log is followed through growth and restarts, and is fetched only once', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const votes = log.founders.map((key, at) => {
    log.register(key, `operator-${at}`);
    return { key, infoHashV2: INFOHASH };
  });
  const first = await scene.start();
  assert.equal(await first.round(NEVER), true);
  log.decide(log.release(RECIPE), votes);
  scene.aheadMs = log.aheadMs;
  grow(log, 2100);
  await first.round(NEVER);
  grow(log, 3);
  await first.round(NEVER);
  assert.equal(first.size, log.entries.length);
  assert.deepEqual(scene.told(), []);
  log.requests.length = 0;
  const second = await scene.start();
  await second.round(NEVER);
  assert.equal(second.size, log.entries.length);
  assert.deepEqual(log.requests, ['GET /checkpoint'], 'what it had read it has');
  await rm(join(scene.folder, 'bundles'), { recursive: true });
  const third = await scene.start();
  await third.round(NEVER);
  assert.equal(third.size, log.entries.length, 'and what was lost is fetched again');
  assert.deepEqual([...third.alarms], []);
  assert.match(
    await third.metrics.text(),
    new RegExp(`bitquorum_monitor_checked_entries ${log.entries.length}\n`),
  );
});

test('a rollback is told while it lasts', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 10);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  log.meddle = (request, response) => {
    if (request.url === '/checkpoint') response.end(log.checkpoint(5));
    return request.url === '/checkpoint';
  };
  await monitor.round(NEVER);
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['rollback']);
  const later = await scene.start();
  await later.round(NEVER);
  assert.deepEqual(
    [...later.alarms],
    ['rollback'],
    'a monitor that starts again remembers how far the log was',
  );
  log.meddle = () => false;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['rollback', 'rollback', 'over rollback']);
  assert.deepEqual([...monitor.alarms], []);
});

for (const [name, size] of [
  ['larger', 14],
  ['as large', 11],
  ['smaller', 6],
] as const) {
  test(`a fork whose tree is ${name} is proved by two signatures of the log, for ever`, async (t) => {
    const scene = await Scene.make(t);
    const { log } = scene;
    grow(log, 10);
    const monitor = await scene.start();
    await monitor.round(NEVER);
    const honest = [...log.entries];
    const other = await twin(t, log);
    grow(other, size - 1);
    log.entries.splice(0, log.entries.length, ...other.entries);
    await monitor.round(NEVER);
    await monitor.round(NEVER);
    assert.deepEqual(scene.told(), ['fork']);
    const evidence = await scene.evidence('fork');
    const notes = [...evidence].filter(([file]) => file.endsWith('.checkpoint')).map(([, note]) => note);
    const heads = notes.map((note) => {
      const { text } = openNote(note, [noteVerifier(log.vkey, verifyEd25519)]);
      return parseCheckpoint(text);
    });
    assert.deepEqual(
      heads.map((head) => head.size).toSorted((a, b) => a - b),
      [11, size].toSorted((a, b) => a - b),
    );
    log.entries.splice(0, log.entries.length, ...honest);
    grow(log, 2);
    await monitor.round(NEVER);
    assert.equal(monitor.size, 13, 'the first history is followed on');
    const later = await scene.start();
    await later.round(NEVER);
    assert.deepEqual([...later.alarms], ['fork']);
    assert.deepEqual(scene.told(), ['fork']);
  });
}

test('an operator that shows two histories is found out by any other view', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 10);
  const elsewhere = await twin(t, log);
  grow(elsewhere, 7);
  const monitor = await scene.start({ views: [elsewhere.url, 'http://127.0.0.1:1/x'] });
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['fork']);
  const evidence = await scene.evidence('fork');
  assert.deepEqual([...evidence.keys()].toSorted(), [
    'alarm.json',
    'shown-elsewhere.checkpoint',
    'shown-here.checkpoint',
    'shown-here.root',
  ]);
  assert.ok(scene.events.some((event) => event.event === 'trouble' && event.message.includes('127.0.0.1:1')));
});

test('two monitors that are shown different histories find out by each other', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 10);
  const elsewhere = await twin(t, log);
  grow(elsewhere, 7);
  const theirs = await scene.start({ tally: elsewhere.url, folder: join(scene.folder, 'theirs') });
  const server = await serveMonitor(theirs, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const ours = await scene.start({ views: [server.url], folder: join(scene.folder, 'ours') });
  await ours.round(NEVER);
  assert.deepEqual(scene.told(), [], 'the other one has seen nothing yet');
  await theirs.round(NEVER);
  await ours.round(NEVER);
  assert.deepEqual(scene.told(), ['fork']);
  const metrics = await fetch(`${server.url}/metrics`);
  assert.match(metrics.headers.get('content-type') ?? '', /^application\/openmetrics-text/);
  assert.equal((await fetch(`${server.url}/`)).status, 404);
  assert.equal((await fetch(`${server.url}/metrics`, { method: 'POST' })).status, 405);
});

test('another view that is only older or younger is no fork; one that stays ahead is a freeze', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 10);
  const elsewhere = await twin(t, log);
  elsewhere.entries.splice(0, elsewhere.entries.length, ...log.entries.slice(0, 4));
  const monitor = await scene.start({ views: [elsewhere.url] });
  await monitor.round(NEVER);
  grow(log, 5);
  elsewhere.entries.splice(0, elsewhere.entries.length, ...log.entries);
  log.entries.length = 11;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), []);
  scene.aheadMs = 11 * 60_000;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze']);
  log.entries.splice(0, log.entries.length, ...elsewhere.entries);
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze', 'over freeze']);
});

test('wrong entries of the log are proved by their inclusion, whatever kind they are of', async (t) => {
  const scene = await Scene.make(t, new TestLog('log.test/1', { heartbeatSeconds: 86_400 }));
  const { log } = scene;
  for (const [at, key] of log.founders.entries()) log.register(key, `operator-${at}`);
  const votes = log.founders.map((key) => ({ key, infoHashV2: INFOHASH }));
  const monitor = await scene.start();
  await monitor.round(NEVER);
  const release = log.release(RECIPE);
  log.decide(release, votes);
  scene.aheadMs = log.aheadMs;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), []);

  log.aheadMs += 25 * 3_600_000;
  lie(log, 'state', (state) => ({ ...state, root: 'cd'.repeat(32), eligible: state.eligible + 1 }));
  scene.aheadMs = log.aheadMs;
  await monitor.round(NEVER);
  const wrong = scene.events.filter((event) => event.event === 'alarm');
  assert.deepEqual(
    wrong.map(({ kind, entry }) => [kind, entry?.kind]),
    [['wrong-entry', 'state']],
  );
  const evidence = await scene.evidence('wrong-entry');
  const proof = parseTlogProof(evidence.get('entry.tlog-proof') ?? new Uint8Array());
  const { size, root } = parseCheckpoint(parseNote(proof.checkpoint).text);
  const leafHash = nodeHasher.leaf(evidence.get('entry.leaf') ?? new Uint8Array());
  verifyInclusion({ index: proof.index, leafHash, size, root, proof: proof.hashes }, nodeHasher);
  assert.equal(proof.index, log.entries.length - 1);
});

for (const kind of ['open', 'close', 'verdict'] as const) {
  test(`a wrong ${kind} is told with its kind and entry`, async (t) => {
    const scene = await Scene.make(t);
    const { log } = scene;
    for (const [at, key] of log.founders.entries()) log.register(key, `operator-${at}`);
    const settle = log.settle.bind(log);
    log.settle = () => {
      lie(log, kind, (predicate) => {
        if ('panel' in predicate) return { ...predicate, panel: predicate.panel.slice(1) };
        if ('commitments' in predicate) return { ...predicate, commitments: predicate.commitments + 1 };
        return { ...predicate, infoHashV2: 'ef'.repeat(32) };
      });
      settle();
    };
    const votes = log.founders.map((key) => ({ key, infoHashV2: INFOHASH }));
    log.decide(log.release(RECIPE), votes);
    scene.aheadMs = log.aheadMs;
    const monitor = await scene.start();
    await monitor.round(NEVER);
    const alarm = scene.events.find((event) => event.event === 'alarm');
    assert.equal(alarm?.kind, 'wrong-entry');
    assert.equal(alarm.entry?.kind, kind);
  });
}

test('a silent log is frozen, one from a time to come is ahead, and both end', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const monitor = await scene.start();
  await monitor.round(NEVER);
  scene.aheadMs = 31 * 60_000;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze']);
  log.aheadMs = scene.aheadMs;
  log.settle();
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze', 'over freeze']);
  scene.aheadMs -= 11 * 60_000;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['freeze', 'over freeze', 'ahead']);
  assert.match(await monitor.metrics.text(), /bitquorum_monitor_alarm\{kind="ahead"\} 1\n/);
});

test('a log that cannot be reached freezes too, after so long', async (t) => {
  const scene = await Scene.make(t);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  scene.log.meddle = (_, response) => {
    response.destroy();
    return true;
  };
  assert.equal(await monitor.round(NEVER), false);
  assert.deepEqual(scene.told(), []);
  scene.aheadMs = 31 * 60_000;
  assert.equal(await monitor.round(NEVER), false);
  assert.deepEqual(scene.told(), ['freeze']);
});

test('an entry that comes with a time long shown is backdated', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const monitor = await scene.start();
  await monitor.round(NEVER);
  log.aheadMs = 3_600_000;
  scene.aheadMs = log.aheadMs;
  await monitor.round(NEVER);
  const earlier = decodeLeaf(log.entries.at(-1) ?? new Uint8Array());
  log.register(generateKey('late'), 'late');
  const late = decodeLeaf(log.entries.pop() ?? new Uint8Array());
  log.entries.push(encodeLeaf({ ...late, timeMs: earlier.timeMs }));
  await monitor.round(NEVER);
  assert.ok(scene.told().includes('backdated'));
});

test('what the log owes and does not write is overdue', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const monitor = await scene.start();
  log.settle = () => undefined;
  log.release(RECIPE);
  log.aheadMs = 15 * 60_000;
  grow(log, 1);
  scene.aheadMs = log.aheadMs;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['overdue']);
});

test('entries that do not make the signed tree, foreign signatures and unreadable entries', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  grow(log, 5);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  grow(log, 5);
  log.meddle = (request, response) => {
    const isBundle = request.url?.startsWith('/tile/entries') ?? false;
    if (isBundle) response.end(Buffer.from('no bundle'));
    return isBundle;
  };
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['wrong-tree']);
  log.meddle = (request, response) => {
    if (request.url === '/checkpoint') response.end(log.checkpoint(undefined, generateKey(log.logKey.name)));
    return request.url === '/checkpoint';
  };
  await monitor.round(NEVER);
  log.meddle = () => false;
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['wrong-tree', 'unsigned', 'over wrong-tree', 'over unsigned']);
  assert.equal(monitor.size, 11);
  grow(log, 1);
  log.entries.push(encodeLeaf({ timeMs: log.nowMs(), envelope: toUtf8('{}') }));
  await monitor.round(NEVER);
  await monitor.round(NEVER);
  assert.deepEqual(scene.told().slice(4), ['unreadable']);
  assert.equal(monitor.size, 12, 'what stands before it is counted');
  log.entries.splice(-1, 1, new Uint8Array(3));
  const later = await scene.start({ folder: `${scene.folder}/new` });
  await later.round(NEVER);
  assert.deepEqual([...later.alarms], ['unreadable'], 'an entry that is too short for its time');
  assert.equal(later.size, 12);
});

test('a checkpoint without the quorum of the trusted witnesses is told', async (t) => {
  const scene = await Scene.make(t);
  const { log } = scene;
  const cosigner = generateCosigner('w.example/w', 'ml-dsa-44');
  const witnesses = parseTlogPolicy(toUtf8(`witness w ${cosigner.vkey}\nquorum w\n`));
  const monitor = await scene.start({ witnesses });
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['unwitnessed']);
  log.meddle = (request, response) => {
    if (request.url !== '/checkpoint') return false;
    const note = Buffer.from(log.checkpoint()).toString();
    const { text } = parseNote(toUtf8(note));
    const line = cosigner.cosign(text, Math.floor(Date.now() / 1000));
    const encoded = Buffer.concat([Buffer.from(line.keyId, 'hex'), line.signature]).toString('base64');
    response.end(`${note}— ${line.name} ${encoded}\n`);
    return true;
  };
  await monitor.round(NEVER);
  assert.deepEqual(scene.told(), ['unwitnessed', 'over unwitnessed']);
});

test('a damaged memory is not silently begun anew', async (t) => {
  const scene = await Scene.make(t);
  await (await scene.start()).round(NEVER);
  await writeFile(join(scene.folder, 'alarms.json'), '{');
  await assert.rejects(scene.start(), { code: 'bad-state' });
  await rm(join(scene.folder, 'alarms.json'));
  await writeFile(
    join(scene.folder, 'checkpoint'),
    scene.log.checkpoint(1, generateKey(scene.log.logKey.name)),
  );
  await assert.rejects(scene.start(), { code: 'bad-state' });
});
