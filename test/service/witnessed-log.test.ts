import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { openCosignedCheckpoint, parseTlogPolicy, type TlogPolicy } from '../../src/note/index.ts';
import { type RunningTally, restoreTally, startTally } from '../../src/service/index.ts';
import { generateKey, readKeyFile } from '../../src/statement/index.ts';
import { generateCosigner, type RunningWitness, startWitness, VERIFY } from '../../src/witness/index.ts';
import { ask, builderEntry, makeCast, makeData, post, type runTally, until } from './tally-fixture.ts';

type Test = Parameters<typeof runTally>[0];

interface Scene {
  readonly dataFolder: string;
  readonly vkeys: readonly string[];
  readonly policy: TlogPolicy;
  readonly logKey: string;
  /** Starts the witness of a number again on its own port. */
  up(at: number): Promise<void>;
  down(at: number): Promise<void>;
}

/** A tally's folder, and three witnesses of which two have to cosign. */
async function makeScene(t: Test): Promise<Scene> {
  const dataFolder = await makeData(makeCast());
  const logKey = (await readKeyFile(join(dataFolder, 'log.key'))).vkey;
  const cosigners = ['ed25519', 'ml-dsa-44', 'ed25519'] as const;
  const keys = cosigners.map((algorithm, at) => generateCosigner(`w.example/w${at}`, algorithm));
  const running: (RunningWitness | undefined)[] = [];
  const ports: number[] = [];
  const up = async (at: number): Promise<void> => {
    const key = keys[at];
    if (key === undefined) throw new Error(`there is no witness ${at}`);
    const witness = await startWitness({
      dataFolder: join(dataFolder, '..', `witness-${at}`),
      cosigners: [key],
      logs: [logKey],
      listen: { port: ports[at] ?? 0 },
    });
    running[at] = witness;
    ports[at] = Number(new URL(witness.url).port);
  };
  const down = async (at: number): Promise<void> => {
    await running[at]?.close();
    running[at] = undefined;
  };
  for (const at of keys.keys()) await up(at);
  t.after(async () => {
    for (const at of running.keys()) await down(at);
  });
  const lines = keys.map(({ vkey }, at) => `witness w${at} ${vkey} http://127.0.0.1:${ports[at]}\n`);
  const policy = parseTlogPolicy(toUtf8(`${lines.join('')}group g 2 w0 w1 w2\nquorum g\n`));
  return { dataFolder, vkeys: keys.map(({ vkey }) => vkey), policy, logKey, up, down };
}

async function run(t: Test, { dataFolder, policy }: Scene): Promise<RunningTally> {
  const tally = await startTally({ dataFolder, witnesses: policy });
  t.after(() => tally.close());
  return tally;
}

/** The published checkpoint: its size, and which witnesses cosigned it. */
async function published(
  { url }: RunningTally,
  { logKey, vkeys }: Scene,
): Promise<{ size: number; by: number }> {
  const { body } = await ask(`${url}/checkpoint`);
  const opened = openCosignedCheckpoint(toUtf8(String(body['text'])), logKey, vkeys, VERIFY);
  return { size: opened.checkpoint.size, by: opened.cosigners.length };
}

test('what is published is cosigned; without a quorum entries are taken and nothing is published', async (t) => {
  const scene = await makeScene(t);
  const tally = await run(t, scene);
  const log = async (): Promise<number> => {
    const { status, body } = await post(tally, builderEntry(generateKey('b'), tally.origin));
    assert.equal(status, 201, JSON.stringify(body));
    return Number(body['index']);
  };
  const first = await log();
  const reached = await until(
    () => published(tally, scene),
    ({ size }) => size > first,
  );
  assert.ok(reached.by >= 2);
  await scene.down(0);
  const second = await log();
  await until(
    () => published(tally, scene),
    ({ size, by }) => size > second && by === 2,
  );
  await scene.down(1);
  const before = await published(tally, scene);
  const started = performance.now();
  const third = await log();
  const fourth = await log();
  assert.ok(performance.now() - started < 3000, 'appends wait for no witness');
  assert.deepEqual(await published(tally, scene), before);
  await scene.up(0);
  await scene.up(1);
  const after = await until(
    () => published(tally, scene),
    ({ size }) => size > fourth,
  );
  assert.ok(after.by >= 2 && fourth > third);
});

test('a tally that was put back from an old backup, head file and all, refuses to go on', async (t) => {
  const scene = await makeScene(t);
  const { dataFolder } = scene;
  const backup = join(dataFolder, '..', 'backup');
  const first = await run(t, scene);
  const early = await post(first, builderEntry(generateKey('b'), first.origin));
  await until(
    () => published(first, scene),
    ({ size }) => size > Number(early.body['index']),
  );
  await first.close();
  await cp(dataFolder, backup, { recursive: true });
  const second = await run(t, scene);
  const late = await post(second, builderEntry(generateKey('b'), second.origin));
  await until(
    () => published(second, scene),
    ({ size }) => size > Number(late.body['index']),
  );
  await second.close();
  await rm(dataFolder, { recursive: true });
  await cp(backup, dataFolder, { recursive: true });
  await assert.rejects(run(t, scene), { name: 'LogError', code: 'older-tree' });

  // With the witnesses away it starts; it publishes nothing, and ends when they are back.
  for (const at of [0, 1, 2]) await scene.down(at);
  const blind = await run(t, scene);
  const before = await published(blind, scene);
  await post(blind, builderEntry(generateKey('other'), blind.origin));
  assert.deepEqual(await published(blind, scene), before);
  for (const at of [0, 1, 2]) await scene.up(at);
  // What they are asked first, the tree that it had or the one that it grew, says which of the two is found.
  await assert.rejects(blind.ended, ({ name, code }: Error & { code: string }) => {
    assert.equal(name, 'LogError');
    return code === 'older-tree' || code === 'forked-tree';
  });
});

test('without its head file a log starts only when its witnesses say how far it was', async (t) => {
  const scene = await makeScene(t);
  const first = await run(t, scene);
  await until(
    () => published(first, scene),
    ({ by }) => by >= 2,
  );
  await first.close();
  await rm(join(scene.dataFolder, 'head'), { recursive: true });
  await scene.down(0);
  await scene.down(1);
  await assert.rejects(run(t, scene), { code: 'no-quorum' });
  await scene.up(1);
  const again = await run(t, scene);
  assert.ok((await published(again, scene)).by >= 2);
});

test('of the backups of a witnessed log only one that holds all that its witnesses saw runs again, and only once', async (t) => {
  const scene = await makeScene(t);
  const place = (name: string): string => join(scene.dataFolder, '..', name);
  const entered = async (tally: RunningTally): Promise<void> => {
    const { body } = await post(tally, builderEntry(generateKey('b'), tally.origin));
    await until(
      () => published(tally, scene),
      ({ size }) => size > Number(body['index']),
    );
  };
  const restored = async (backup: string): Promise<Scene> => {
    const dataFolder = await mkdtemp(place('restored-'));
    await restoreTally({ backup: place(backup), dataFolder });
    return { ...scene, dataFolder };
  };
  const first = await run(t, scene);
  await entered(first);
  await first.backup(place('early'));
  await entered(first);
  await first.backup(place('late'));
  await first.close();
  await assert.rejects(run(t, await restored('early')), { name: 'LogError', code: 'older-tree' });
  const late = await restored('late');
  for (const at of [0, 1]) await scene.down(at);
  await assert.rejects(run(t, late), { code: 'no-quorum' });
  for (const at of [0, 1]) await scene.up(at);
  const again = await run(t, late);
  await entered(again);
  await assert.rejects(run(t, await restored('late')), { name: 'LogError', code: 'older-tree' });
  await entered(again);
});

test('a tally that was put back shows no older checkpoint than others have seen, from its first answer on', async (t) => {
  const scene = await makeScene(t);
  const place = (name: string): string => join(scene.dataFolder, '..', name);
  const first = await run(t, scene);
  await until(
    () => published(first, scene),
    ({ by }) => by >= 2,
  );
  for (const at of [0, 1]) await scene.down(at);
  const { body } = await post(first, builderEntry(generateKey('b'), first.origin));
  await first.backup(place('backup'));
  for (const at of [0, 1]) await scene.up(at);
  const { size } = await until(
    () => published(first, scene),
    (shown) => shown.size > Number(body['index']),
  );
  await first.close();
  await restoreTally({ backup: place('backup'), dataFolder: place('restored') });
  const again = await run(t, { ...scene, dataFolder: place('restored') });
  assert.equal((await published(again, scene)).size, size);
});
