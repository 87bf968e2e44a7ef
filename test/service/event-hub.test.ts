import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import express from 'express';
import { EventHub } from '../../src/service/events/event-hub.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';

test('a reader that comes while the tally closes is let go, and ends nothing else', async (t) => {
  const app = express();
  const server = createServer(app);
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const faults: unknown[] = [];
  const note = (error: unknown): void => void faults.push(error);
  process.on('uncaughtException', note);
  t.after(() => process.off('uncaughtException', note));
  const hub = new EventHub(SERVICE_LIMITS.events, () => []);
  app.get('/', (request, response) => {
    hub.open(request, response, 'group').catch(note);
    hub.close();
  });
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  assert.deepEqual(faults, []);
  assert.equal(hub.readers, 0);
});
