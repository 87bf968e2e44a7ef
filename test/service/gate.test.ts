import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Gate } from '../../src/service/gate.ts';

test('whoever is alone is alone, whoever is shared is not, and nobody waits for ever', async () => {
  const gate = new Gate();
  let inside = 0;
  let most = 0;
  let alone = 0;
  const shared = (): Promise<void> =>
    gate.shared(async () => {
      assert.equal(alone, 0);
      inside += 1;
      most = Math.max(most, inside);
      await pause(1);
      inside -= 1;
    });
  const exclusive = (): Promise<void> =>
    gate.alone(async () => {
      assert.deepEqual([alone, inside], [0, 0]);
      alone += 1;
      await pause(1);
      alone -= 1;
    });
  const work = Array.from({ length: 100 }, (_, at) => (at % 7 === 3 ? exclusive() : shared()));
  await Promise.all(work);
  assert.ok(most > 1);
  await assert.rejects(
    gate.alone(() => Promise.reject(new Error('it fails'))),
    /it fails/,
  );
  await assert.rejects(
    gate.shared(() => Promise.reject(new Error('it fails'))),
    /it fails/,
  );
  await gate.alone(async () => assert.equal(inside, 0));
});
