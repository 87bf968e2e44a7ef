import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { rawGet, sendRaw } from './raw-http.ts';
import { ask, makeCast, post, releaseEntry, runTally } from './tally-fixture.ts';

const MIB = 1 << 20;

test('requests that are sent ahead on one connection and never read hold one answer in memory, not all of them', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast);
  const recipe = randomBytes(MIB);
  const sha256 = createHash('sha256').update(recipe).digest('hex');
  await post(tally, releaseEntry(cast.publisher, tally.origin, { recipe }));
  assert.equal((await ask(`${tally.url}/blob/${sha256}`, { method: 'PUT', body: recipe })).status, 201);
  const { hostname, port } = new URL(tally.url);
  const before = process.memoryUsage().arrayBuffers;
  const socket = connect({ host: hostname, port: Number(port) }).pause();
  socket.on('error', () => undefined); // it may be cut off
  t.after(async () => void socket.destroy());
  socket.write(
    `GET /blob/${sha256} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(SERVICE_LIMITS.requestsAhead),
  );
  // Whatever was sent before these was taken up before they are answered.
  for (let at = 0; at < 20; at += 1) assert.equal((await ask(`${tally.url}/api/v1/status`)).status, 200);
  const held = process.memoryUsage().arrayBuffers - before;
  assert.ok(held < 16 * MIB, `${Math.round(held / MIB)} MiB are held`);
});

test('requests that are sent ahead are answered in their order; a connection with too many is cut, and others are served', async (t) => {
  const tally = await runTally(t, makeCast(), { limits: { requestsAhead: 4 } });
  const ahead = (count: number): string =>
    `GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(count) + rawGet('/checkpoint');
  const { head, body } = await sendRaw(tally, ahead(4));
  const statuses = `${head}\r\n\r\n${body.toString()}`.match(/HTTP\/1.1 200 OK/g);
  assert.equal(statuses?.length, 5);
  assert.match(body.toString(), /\n— test\.invalid\/log \S+\n$/, 'the last one last');
  const cut = await sendRaw(tally, ahead(100));
  assert.ok((`${cut.head}${cut.body.toString()}`.match(/HTTP\/1.1/g) ?? []).length < 5);
  assert.equal((await ask(`${tally.url}/api/v1/status`)).status, 200);
});
