import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { pino } from 'pino';
import { ask, makeCast, runTally, until } from './tally-fixture.ts';

test('a body that breaks off, or takes too long, is no failure of the tally, and fills no log', async (t) => {
  const lines: { level: number; path?: string; statusCode?: number }[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const limits = { requestTimeoutMs: 500, headerTimeoutMs: 500 };
  const tally = await runTally(t, makeCast(), { logger, limits });
  const { hostname, port } = new URL(tally.url);
  const ended = (): (typeof lines)[number] | undefined =>
    lines.find(({ path, statusCode }) => path === '/api/v1/entries' && statusCode !== undefined);
  for (const isPatient of [false, true]) {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(
      'POST /api/v1/entries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n' +
        'Expect: 100-continue\r\n\r\n{',
    );
    await once(socket, 'data'); // its head was read
    if (isPatient) await once(socket.resume(), 'close');
    socket.destroy();
    await until(
      async () => ended(),
      (line) => line !== undefined,
    );
    await ask(`${tally.url}/api/v1/status`); // by now whatever follows has followed
    assert.deepEqual(
      lines.filter(({ level }) => level >= 40),
      [],
    );
    lines.length = 0;
  }
});
