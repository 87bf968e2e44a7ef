import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { IdentityQueue, type Stranger } from '../../src/service/audit/identity-queue.ts';
import type { IdentityLimits } from '../../src/service/limits.ts';
import { SwarmError } from '../../src/swarm/index.ts';
import { until } from './tally-fixture.ts';

const LIMITS: IdentityLimits = {
  concurrent: 2,
  queued: 5,
  queuedPerAddress: 3,
  timeoutMs: 200,
  againMs: 1000,
  retryMs: 100,
  remembered: 8,
};

function strangerAt(group: string, port = 1): Stranger {
  return { infoHashV2: 'ab'.repeat(32), endpoint: { host: group, port }, group };
}

function queueOf(ask: (stranger: Stranger, signal: AbortSignal) => Promise<string>) {
  const clock = { nowMs: 0 };
  const learnt: string[] = [];
  const queue = new IdentityQueue({
    limits: LIMITS,
    ask,
    learnt: ({ endpoint }, builder) => {
      learnt.push(`${endpoint.host} ${builder}`);
      return builder !== 'nobody';
    },
    logger: pino({ enabled: false }),
    nowMs: () => clock.nowMs,
  });
  const idle = () =>
    until(
      async () => queue.size,
      (size) => size === 0,
    );
  return { queue, clock, learnt, idle };
}

test('an endpoint is asked once in a while, sooner when it may be a builder’s', async () => {
  const asked: number[] = [];
  const { queue, clock, learnt, idle } = queueOf(async ({ endpoint: { port } }) => {
    asked.push(port);
    if (port <= 2) return port === 1 ? 'key' : 'nobody';
    throw new SwarmError(port === 3 ? 'identity-refused' : 'cannot-connect', 'no');
  });
  for (const nowMs of [0, 50, 150, 1100]) {
    clock.nowMs = nowMs;
    for (const port of [1, 2, 3, 4]) queue.offer(strangerAt(`a${port}`, port));
    await idle();
  }
  assert.deepEqual(
    asked.toSorted((a, b) => a - b),
    [1, 1, 1, 2, 2, 3, 3, 4, 4, 4],
  );
  assert.equal(learnt.filter((each) => each === 'a1 key').length, 3);
  await queue.close();
});

test('few are asked at once, one at each address, and the places of one address and of all have an end', async () => {
  const running = new Map<string, number>();
  let most = 0;
  let mostOfOne = 0;
  const release: (() => void)[] = [];
  const { queue, learnt, idle } = queueOf(async ({ group }) => {
    running.set(group, (running.get(group) ?? 0) + 1);
    most = Math.max(
      most,
      [...running.values()].reduce((sum, count) => sum + count, 0),
    );
    mostOfOne = Math.max(mostOfOne, running.get(group) ?? 0);
    await new Promise<void>((resolve) => {
      release.push(resolve);
    });
    running.set(group, (running.get(group) ?? 0) - 1);
    return 'key';
  });
  for (let port = 1; port <= 9; port += 1) queue.offer(strangerAt('flood', port));
  assert.equal(queue.size, LIMITS.queuedPerAddress);
  for (let at = 0; at < 20; at += 1) queue.offer(strangerAt(`other-${at}`));
  assert.ok(queue.size <= LIMITS.queued + LIMITS.concurrent);
  const letGo = setInterval(() => release.shift()?.(), 2);
  await idle();
  clearInterval(letGo);
  assert.deepEqual([most, mostOfOne], [2, 1]);
  assert.ok(learnt.includes('other-0 key'), 'who fills its own places takes nobody else’s');
  await queue.close();
});

test('a seeder that never answers is given up in time, or when the queue closes', async () => {
  let asked = 0;
  const hang = (_: Stranger, signal: AbortSignal): Promise<string> =>
    new Promise((_resolve, reject) => {
      asked += 1;
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  const { queue, idle, learnt } = queueOf(hang);
  queue.offer(strangerAt('a'));
  await idle();
  queue.offer(strangerAt('b'));
  await queue.close();
  queue.offer(strangerAt('c'));
  assert.deepEqual([asked, queue.size, learnt.length], [2, 0, 0]);
});

test('only so many endpoints are remembered', async () => {
  let asked = 0;
  const { queue, idle } = queueOf(async () => {
    asked += 1;
    return 'key';
  });
  for (const round of [1, 2]) {
    for (let at = 0; at < 20; at += 1) {
      queue.offer(strangerAt(`${at}`));
      await idle();
    }
    assert.equal(asked, 20 * round);
  }
  await queue.close();
});
