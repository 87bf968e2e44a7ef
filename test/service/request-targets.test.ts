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

function codeOf({ head, body }: RawAnswer): unknown {
  assert.match(head, /content-type: application\/problem\+json/i);
  return (JSON.parse(body.toString()) as { code: string }).code;
}
