// Run by failing-file.test.ts, with failing-file.c loaded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKey } from '../../src/statement/index.ts';
import { TestLog } from '../client/test-log.ts';
import { NEVER, Scene } from '../monitor/scene.ts';
import { type FileCall, type FileFault, withFault } from './failing-file.ts';

/** How the replacement of a file fails, and what is there afterwards. */
const FAULTS: readonly (readonly [FileCall, FileFault, string, 'old' | 'new'])[] = [
  ['write', 'before', '.new', 'old'],
  ['sync', 'before', '.new', 'old'],
  ['sync', 'after', '.new', 'old'],
  ['rename', 'before', '', 'old'],
  ['rename', 'after', '', 'new'],
];

function grow(log: TestLog, count: number): void {
  for (let at = 0; at < count; at += 1) log.register(generateKey('b'), `operator-${log.entries.length}`);
}

/** The log tells another story from its second entry on. */
function fork(log: TestLog): void {
  const other = new TestLog(log.logKey.name);
  Reflect.set(other, 'logKey', log.logKey);
  other.entries[0] = log.entries[0] ?? new Uint8Array();
  grow(other, log.entries.length + 2);
  log.entries.splice(0, log.entries.length, ...other.entries);
}

for (const [call, fault, ending, kept] of FAULTS) {
  const inWords = `${call} ${ending}, ${fault}`;
  test(`the last checkpoint: ${inWords}`, async (t) => {
    const scene = await Scene.make(t);
    const { log } = scene;
    grow(log, 10);
    const first = await scene.start();
    await first.round(NEVER);
    const old = first.checkpoint;
    grow(log, 2);
    await withFault([call, fault, `checkpoint${ending}`], async () => {
      await assert.rejects(first.round(NEVER), { code: 'EIO' });
    });
    assert.deepEqual(first.checkpoint, old, 'what failed is not taken for kept');
    const second = await scene.start();
    assert.equal(Buffer.compare(second.checkpoint ?? Buffer.of(), old ?? Buffer.of()) === 0, kept === 'old');
    assert.equal(await second.round(NEVER), true);
    assert.equal(second.size, log.entries.length);
    assert.deepEqual(scene.told(), []);
    fork(log);
    await (await scene.start()).round(NEVER);
    assert.deepEqual(scene.told(), ['fork'], 'nothing that was seen is forgotten');
  });

  for (const file of ['alarms.json', 'alarm.json'] as const) {
    test(`${file} of a fork: ${inWords}`, async (t) => {
      const scene = await Scene.make(t);
      const { log } = scene;
      grow(log, 10);
      const first = await scene.start();
      await first.round(NEVER);
      fork(log);
      await withFault([call, fault, `${file}${ending}`], async () => {
        await assert.rejects(first.round(NEVER), { code: 'EIO' });
      });
      const isTold = file === 'alarms.json';
      assert.deepEqual(scene.told(), isTold ? ['fork'] : [], 'told once its evidence is kept');
      const second = await scene.start();
      const isKept = isTold && kept === 'new';
      assert.deepEqual([...second.alarms], isKept ? ['fork'] : []);
      await second.round(NEVER);
      assert.deepEqual([...second.alarms], ['fork']);
      assert.ok(scene.told().includes('fork'));
      assert.ok((await scene.evidence('fork')).size >= 3, 'both checkpoints, and what they say');
      assert.deepEqual([...(await scene.start()).alarms], ['fork'], 'for ever');
    });
  }
}
