import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { pino } from 'pino';
import { type RawAnswer, rawGet, sendRaw } from './raw-http.ts';
import { makeCast, runTally } from './tally-fixture.ts';

test('strange hosts and targets make nothing fail: events come, and what is nothing is a problem behind the guards', async (t) => {
  const logged: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  const tally = await runTally(t, makeCast(), { logger });
  const { port } = new URL(tally.url);
  const events = '/api/v1/events';
  const withSecret = `http://user:secret@127.0.0.1${events}`;
  for (const [host, path] of [
    ['localhost:99999', events],
    ['127.999.999.999', events],
    ['[::1]:99999', events],
    ['localhost', withSecret],
  ] as const) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, path, headers: { host } }, resolve).once('error', reject).end();
    });
    assert.equal(answer.statusCode, 200, `${host} ${path}`);
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    answer.destroy();
  }
  for (const target of ['http://[/api/v1/status', 'http://', '*']) {
    const answer = await sendRaw(tally, rawGet(target));
    assert.deepEqual([answer.status, codeOf(answer)], [404, 'not-found'], target);
    assert.match(answer.head, /content-security-policy: default-src 'none'/i);
  }
  const foreign = await sendRaw(tally, rawGet('http://', ['Host: rebound.example']));
  assert.deepEqual([foreign.status, codeOf(foreign)], [421, 'wrong-host']);
  const whole = await sendRaw(tally, rawGet('http://user:secret@127.0.0.1/api/v1/status?x'));
  assert.equal(whole.status, 200, 'a target may be a whole URL (RFC 9112 §3.2.2)');
  const head = await sendRaw(tally, rawGet(events).replace('GET', 'HEAD'));
  assert.deepEqual([head.status, head.body.length], [200, 0], 'the head of an event stream ends');
  assert.match(head.head, /content-type: text\/event-stream/i);
  assert.deepEqual(logged, []);
});

test('paths are taken as they are written', async (t) => {
  const tally = await runTally(t, makeCast());
  for (const path of ['/api/v1/status/', '/API/v1/status', '/Announce', '/api/v1/releases/'])
    assert.deepEqual(codeOf(await sendRaw(tally, rawGet(path))), 'not-found', path);
});

test('what cannot be read is a problem too, and falls into no other answer', async (t) => {
  const limits = { headerTimeoutMs: 500, requestTimeoutMs: 500, headerBytes: 4096 };
  const tally = await runTally(t, makeCast(), { limits });
  const post = 'POST /api/v1/entries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
  for (const [request, status, code] of [
    ['\x16\x03\x01 no http at all\r\n\r\n', 400, 'bad-request'],
    [rawGet('/', ['Host: 127.0.0.1', `X-Long: ${'a'.repeat(5000)}`]), 431, 'head-too-large'],
    ['GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ', 408, 'too-slow'],
    [`${post}Content-Length: 100\r\n\r\n{`, 408, 'too-slow'],
  ] as const) {
    const answer = await sendRaw(tally, request);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
  }
  const expects = await sendRaw(tally, rawGet('/api/v1/status', ['Host: 127.0.0.1', 'Expect: miracles']));
  assert.equal(expects.status, 200);
  const both = `GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nno request\r\n\r\n`;
  const { status, body } = await sendRaw(tally, both);
  const [first = ''] = body.toString().split('HTTP/1.1');
  assert.ok(status === 400 || JSON.parse(first).origin === tally.origin, 'one answer is whole');
  assert.equal((await sendRaw(tally, rawGet('/api/v1/status'))).status, 200);
});

function codeOf({ head, body }: RawAnswer): unknown {
  assert.match(head, /content-type: application\/problem\+json/i);
  return (JSON.parse(body.toString()) as { code: string }).code;
}
