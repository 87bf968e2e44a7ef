import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { readRequestBody } from '../../src/witness/index.ts';

test('a body of a request that is gone already is broken off, and is not waited for', {
  timeout: 5000,
}, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{');
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  const gone = new Promise<void>((resolve) => {
    request.on('error', () => undefined).on('close', resolve);
  });
  socket.destroy();
  await gone;
  await assert.rejects(
    readRequestBody(request, 1000, (fault) => new Error(fault)),
    /^Error: broken-off$/,
  );
});
