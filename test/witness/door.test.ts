import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { formatAddCheckpoint } from '../../src/witness/index.ts';
import { ALog } from './a-log.ts';
import { get, runWitness, send } from './scene.ts';

/** Sends bytes as they are and collects what comes until the other side ends. */
async function raw(url: string, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => undefined); // a door that is shut in the middle is one of the answers
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return text;
}

test('methods, paths and encodings that are not served', async (t) => {
  const { url } = await runWitness(t, new ALog());
  const wrong = await get(`${url}/add-checkpoint`);
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
  const posted = await send(`${url}/metrics?x=`, 'x');
  assert.equal(posted.status, 405);
  for (const path of [
    '/',
    '/add-checkpoint/',
    '/Add-Checkpoint',
    `/${'0'.repeat(64)}/checkpoint`,
    '/..%2fmetrics',
  ]) {
    assert.equal((await get(url + path)).status, 404, path);
  }
  assert.equal((await send(url, 'x', { headers: { 'content-encoding': 'gzip' } })).status, 415);
  assert.equal(
    (await get(`${url}/metrics`)).headers.get('content-type')?.startsWith('application/openmetrics-text'),
    true,
  );
});

test('a huge body is refused by its announced length and as it grows, and is not kept', async (t) => {
  const log = new ALog();
  const { url } = await runWitness(t, log, { limits: { bodyBytes: 4096 } });
  const head = 'POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n';
  assert.match(
    await raw(url, `${head}Content-Length: 9999999999\r\n\r\nold`),
    /^HTTP\/1\.1 413 [^]*Connection: close/i,
  );
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
  assert.match(
    await raw(url, `${head}Transfer-Encoding: chunked\r\n\r\n`, chunk, chunk, chunk),
    /^HTTP\/1\.1 413 /,
  );
  assert.match(await raw(url, `${head}X: ${'y'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.equal((await send(url, 'x'.repeat(4096))).status, 400, 'as long as is allowed');
  const note = log.head(0).note;
  assert.equal((await send(url, formatAddCheckpoint({ oldSize: 0, proof: [], note }))).status, 200);
});

test('a client that sends nothing more is let go, and one that breaks off harms nobody', async (t) => {
  const { url } = await runWitness(t, new ALog(), {
    limits: { headerTimeoutMs: 300, requestTimeoutMs: 600 },
  });
  assert.match(await raw(url, 'POST /add-ch'), /^HTTP\/1\.1 408 /);
  assert.match(
    await raw(url, 'POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold'),
    /^HTTP\/1\.1 408 /,
  );
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold');
  socket.resetAndDestroy();
  assert.equal((await send(url, 'x')).status, 400);
});

test('one address has so many requests and connections, and is told when to come back', async (t) => {
  let nowMs = 1_000_000;
  const { url } = await runWitness(t, new ALog(), {
    limits: { burst: 5, perSecond: 1, connectionsPerAddress: 3 },
    nowMs: () => nowMs,
  });
  const statuses: number[] = [];
  for (let at = 0; at < 7; at += 1) statuses.push((await send(url, 'x')).status);
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429, 429]);
  assert.equal((await send(url, 'x')).headers.get('retry-after'), '1');
  nowMs += 2000;
  assert.equal((await send(url, 'x')).status, 400);
  const sockets = Array.from({ length: 8 }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  const closed = sockets.map((socket) =>
    once(
      socket.on('error', () => undefined),
      'close',
    ),
  );
  await Promise.race(closed); // beyond three, one of which fetch may hold, they are ended
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});
