import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { AuditQueue, type Endpoint } from '../../src/service/audit/audit-queue.ts';
import type { AuditLimits } from '../../src/service/limits.ts';
import type { Vote } from '../../src/service/vote-index.ts';
import { until } from './tally-fixture.ts';

const LIMITS: AuditLimits = { concurrent: 4, queued: 10, timeoutMs: 200, retriesMs: [10, 20] };
const AT: Endpoint = { host: '127.0.0.1', port: 1 };
const silent = pino({ enabled: false });

function voteOf(builder: string, release = 'r'): Vote {
  return { builder, release, infoHashV2: 'ab'.repeat(32) };
}

test('an audit that fails is tried again after pauses, at the newest address, and then given up', async () => {
  const tried: number[] = [];
  const queue = new AuditQueue(
    LIMITS,
    async (_vote, { port }) => {
      tried.push(port);
      throw new Error('it closed the connection');
    },
    silent,
  );
  queue.offer(voteOf('a'), AT, false);
  queue.offer(voteOf('a'), { ...AT, port: 2 }, false);
  assert.equal(queue.size, 1, 'one audit for one vote at a time');
  await until(
    async () => queue.size,
    (size) => size === 0,
  );
  assert.deepEqual(tried, [1, 2, 2]);
  queue.offer(voteOf('a'), { ...AT, port: 3 }, false);
  await until(
    async () => queue.size,
    (size) => size === 0,
  );
  assert.equal(tried.length, 6, 'the next announce starts anew');
  await queue.close();
});

test('few without weight run at once, fewer for one builder, and the queue has an end', async () => {
  const running = new Map<string, number>();
  let most = 0;
  let mostOfOne = 0;
  let done = 0;
  const queue = new AuditQueue(
    LIMITS,
    async ({ builder }) => {
      running.set(builder, (running.get(builder) ?? 0) + 1);
      most = Math.max(
        most,
        [...running.values()].reduce((sum, count) => sum + count, 0),
      );
      mostOfOne = Math.max(mostOfOne, running.get(builder) ?? 0);
      await pause(5);
      running.set(builder, (running.get(builder) ?? 0) - 1);
      done += 1;
    },
    silent,
  );
  for (let at = 0; at < 8; at += 1) queue.offer(voteOf('slow', `r${at}`), AT, false);
  for (let at = 0; at < 8; at += 1) queue.offer(voteOf(`b${at}`), AT, false);
  assert.equal(queue.size, LIMITS.queued);
  await until(
    async () => queue.size,
    (size) => size === 0,
  );
  assert.deepEqual([done, most, mostOfOne], [10, 2, 2]);
  await queue.close();
});

test('an audit that hangs is ended by its time limit, or when the queue closes', async () => {
  const reasons: string[] = [];
  const hang = (_vote: Vote, _endpoint: Endpoint, signal: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push((signal.reason as Error).message);
        reject(signal.reason as Error);
      });
    });
  const queue = new AuditQueue({ ...LIMITS, retriesMs: [] }, hang, silent);
  queue.offer(voteOf('a'), AT, false);
  await until(
    async () => queue.size,
    (size) => size === 0,
  );
  queue.offer(voteOf('b'), AT, false);
  await queue.close();
  assert.match(reasons[0] ?? '', /timeout/i);
  assert.match(reasons[1] ?? '', /closes/);
  queue.offer(voteOf('c'), AT, false);
  assert.equal(queue.size, 0);
});

test('strangers that fill the queue with audits that hang do not keep a vote with weight from its own', async () => {
  const audited: string[] = [];
  const queue = new AuditQueue(
    { ...LIMITS, timeoutMs: 60_000 },
    ({ builder }, _endpoint, signal) =>
      new Promise((resolve, reject) => {
        if (builder.startsWith('stranger')) {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          return;
        }
        audited.push(builder);
        resolve();
      }),
    silent,
  );
  for (let at = 0; at < 3 * LIMITS.queued; at += 1) queue.offer(voteOf(`stranger ${at}`), AT, false);
  assert.equal(queue.size, LIMITS.queued);
  queue.offer(voteOf('panel 1'), AT, true);
  queue.offer(voteOf('panel 2'), AT, true);
  await until(
    async () => queue.size,
    (size) => size === LIMITS.queued,
  );
  assert.deepEqual(audited, ['panel 1', 'panel 2']);
  await queue.close();
});
