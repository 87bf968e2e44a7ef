// Attacks by a tally's operator, with its keys, its disk and its clock: each carried out with services that run.
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { readLog, resolveRelease, TallyClient } from '../../src/client/index.ts';
import { Monitor, type MonitorEvent } from '../../src/monitor/index.ts';
import { parseTlogPolicy, type TlogPolicy } from '../../src/note/index.ts';
import { type RunningTally, startTally } from '../../src/service/index.ts';
import { generateKey, readKeyFile } from '../../src/statement/index.ts';
import { generateCosigner, startWitness } from '../../src/witness/index.ts';
import { ask, builderEntry, makeCast, makeData, post, until } from '../service/tally-fixture.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Network, reasonOf } from './network.ts';

/** A log's folder, and how it is run as often as its operator likes. */
interface Operator {
  readonly dataFolder: string;
  readonly folder: string;
  readonly logKey: string;
  readonly run: (dataFolder: string, witnesses?: TlogPolicy) => Promise<RunningTally>;
}

async function operator(t: TestContext): Promise<Operator> {
  const dataFolder = await makeData(makeCast());
  const folder = temporaryFolder('operator');
  const { vkey: logKey } = await readKeyFile(join(dataFolder, 'log.key'));
  const run = async (where: string, witnesses?: TlogPolicy): Promise<RunningTally> => {
    const tally = await startTally({ dataFolder: where, ...(witnesses !== undefined && { witnesses }) });
    t.after(() => tally.close());
    return tally;
  };
  return { dataFolder, folder, logKey, run };
}

/** Logs somebody, and waits until the checkpoint holds it; the size published then. */
async function grow(tally: RunningTally): Promise<number> {
  const { status, body } = await post(tally, builderEntry(generateKey('somebody'), tally.origin));
  assert.equal(status, 201);
  return until(
    () => publishedSize(tally),
    (size) => size > Number(body['index']),
  );
}

async function publishedSize(tally: RunningTally): Promise<number> {
  const { body } = await ask(`${tally.url}/checkpoint`);
  return Number(/\n(\d+)\n/.exec(String(body['text']))?.[1]);
}

test('an operator that shows two histories with one key is proved a forker by a monitor with two views, and refused by a client that saw one', async (t) => {
  const { dataFolder, folder, logKey, run } = await operator(t);
  const second = join(folder, 'second');
  await cp(dataFolder, second, { recursive: true });
  const [here, there] = [await run(dataFolder), await run(second)];
  await grow(here);
  await grow(there);
  await grow(there);
  const read = (tally: RunningTally): Promise<unknown> =>
    readLog(new TallyClient(tally.url), {
      logKey,
      stateFolder: join(folder, 'client'),
      nowMs: Date.now,
      signal: AbortSignal.timeout(10_000),
    });
  await read(here);
  await assert.rejects(read(there), { code: 'mismatch', message: /do not fit what it signed/ });
  await grow(here);
  await grow(here);
  const events: MonitorEvent[] = [];
  const monitor = await Monitor.open({
    tally: here.url,
    logKey,
    folder: join(folder, 'monitor'),
    views: [there.url],
    tell: (event) => events.push(event),
  });
  await monitor.round(AbortSignal.timeout(20_000));
  assert.deepEqual([...monitor.alarms], ['fork']);
  assert.ok(events.some((event) => event.event === 'alarm' && event.evidence !== ''));
});

test('an operator that restores an old backup with its head, without witnesses, is proved a forker by its monitor', async (t) => {
  const { dataFolder, folder, logKey, run } = await operator(t);
  const backup = join(folder, 'backup');
  await cp(dataFolder, backup, { recursive: true });
  const first = await run(dataFolder);
  await grow(first);
  await grow(first);
  const open = (tally: RunningTally): Promise<Monitor> =>
    Monitor.open({ tally: tally.url, logKey, folder: join(folder, 'monitor') });
  const before = await open(first);
  await before.round(AbortSignal.timeout(20_000));
  assert.deepEqual([...before.alarms], []);
  await first.close();
  await rm(dataFolder, { recursive: true });
  await cp(backup, dataFolder, { recursive: true });
  const restored = await run(dataFolder);
  const after = await open(restored);
  await after.round(AbortSignal.timeout(20_000));
  assert.deepEqual([...after.alarms], ['rollback'], 'while it is shorter');
  for (let entry = 0; entry < 3; entry += 1) await grow(restored);
  await after.round(AbortSignal.timeout(20_000));
  assert.ok(after.alarms.has('fork'), 'when it has grown again');
});

test('an operator that runs one log twice gets one history cosigned; the other is published to nobody', async (t) => {
  const { dataFolder, folder, logKey, run } = await operator(t);
  const cosigner = generateCosigner('w.test/1', 'ed25519');
  const witness = await startWitness({
    dataFolder: join(folder, 'witness'),
    cosigners: [cosigner],
    logs: [logKey],
  });
  t.after(() => witness.close());
  const policy = parseTlogPolicy(toUtf8(`witness w ${cosigner.vkey} ${witness.url}\nquorum w\n`));
  const second = join(folder, 'second');
  await cp(dataFolder, second, { recursive: true });
  const here = await run(dataFolder, policy);
  const there = await run(second, policy);
  const size = await grow(here);
  const forked = await post(there, builderEntry(generateKey('other'), there.origin));
  assert.equal(forked.status, 201, 'it may still take entries');
  await assert.rejects(there.ended, { name: 'LogError', code: 'forked-tree' });
  assert.ok((await grow(here)) > size, 'the first history goes on');
});

test('an operator that keeps honest votes out of the log makes a release fail, and no other win', async (t) => {
  const network = await Network.start(t, { founders: 5 });
  const { founders } = network.cast;
  const [accomplices, honest] = [founders.slice(0, 2), founders.slice(2)];
  const good = await network.build();
  const evil = await network.build();
  const release = await network.release();
  await network.commits(honest, release, good);
  await network.commits(accomplices, release, evil);
  await network.closed(release);
  // The operator drops the votes of the honest and audits its accomplices.
  await network.votes(accomplices, release, evil);
  const view = await network.verdict(release);
  assert.deepEqual([view.state === 'final', view.winner], [false, null]);
  for (const key of honest) {
    assert.match(reasonOf(view, key), /never opened/, 'known limit: it looks like their fault');
  }
});

test('an operator that stops the clock of its log is noticed by its age', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const good = await network.build();
  const release = await network.run(new Map([[good, network.cast.founders]]));
  await network.verdict(release);
  const { tally, clock, folder } = network;
  const resolve = (laterMs: number) =>
    resolveRelease(new TallyClient(tally.url), release, {
      logKey: tally.logKey,
      stateFolder: join(folder, 'state'),
      full: true,
      nowMs: () => clock.nowMs() + laterMs,
      signal: AbortSignal.timeout(10_000),
    });
  await until(
    () => resolve(0),
    (resolution) => resolution.release.winner === good.hash,
  );
  await assert.rejects(resolve(3600_000), { code: 'stale' });
  await assert.rejects(resolve(-3600_000), { code: 'stale', message: /ahead of this clock/ });
  const monitor = await Monitor.open({
    tally: tally.url,
    logKey: tally.logKey,
    folder: join(folder, 'monitor'),
    nowMs: () => clock.nowMs() + 3600_000,
  });
  await monitor.round(AbortSignal.timeout(20_000));
  assert.deepEqual([...monitor.alarms], ['freeze']);
});
