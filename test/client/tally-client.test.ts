import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { EventStreamParser } from '../../src/client/events.ts';
import { TallyClient, type TallyEvent } from '../../src/client/index.ts';
import { sendProblem } from './test-log.ts';

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

test('a refusal tells the tally’s own words, printable, its code and when to come back', async (context) => {
  const url = await serve(context, (_request, response) => {
    response.setHeader('retry-after', '7');
    sendProblem(response, 429, 'too-many-requests', 'Too many\u001B[31m requests.');
  });
  await assert.rejects(new TallyClient(url).submit(Buffer.from('{}')), {
    code: 'refused',
    status: 429,
    problem: 'too-many-requests',
    retryAfterSeconds: 7,
    message: `the tally at ${url} refused /api/v1/entries: Too many requests.`,
  });
});

test('an answer of another form is refused by name, whatever it is', async (context) => {
  let body = '';
  const url = await serve(context, (_request, response) => response.end(body));
  for (const answer of [
    '',
    'null',
    '[]',
    '{"index":-1}',
    '{"index":1,"timeMs":1,"leafHash":"xx"}',
    '<html>',
  ]) {
    body = answer;
    await assert.rejects(new TallyClient(url).submit(Buffer.from('{}')), { code: 'bad-answer' });
  }
});

test('a web page in place of an answer, and one that leads elsewhere, are told as what they are', async (context) => {
  const page = await serve(context, (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end('<html>Log in to the hotel</html>');
  });
  for (const ask of [
    () => new TallyClient(page).checkpoint(),
    () => new TallyClient(page).proof('pkg:npm/x@1'),
    () => new TallyClient(page).submit(Buffer.from('{}')),
  ])
    await assert.rejects(ask(), { code: 'bad-answer', message: /^http:.* answers \/.* with a web page/ });
  const elsewhere = await serve(context, (_request, response) => {
    response.writeHead(302, { location: `${page}/\u0085` }).end();
  });
  await assert.rejects(new TallyClient(elsewhere).checkpoint(), {
    code: 'refused',
    message: `the tally at ${elsewhere} refused /checkpoint: HTTP status 302 (it leads to ${page}/\uFFFD, which is not followed: give that tally's address if you mean it)`,
  });
});

test('an endless answer is cut at its limit', async (context) => {
  let sent = 0;
  const url = await serve(context, (_request, response) => {
    const block = Buffer.alloc(65_536);
    const more = (): void => {
      while (!response.destroyed && response.write(block)) sent += block.length;
      response.once('drain', more);
    };
    more();
  });
  await assert.rejects(new TallyClient(url).checkpoint(), { code: 'too-large' });
  assert.ok(sent < 64 * 1024 * 1024);
});

test('a blob whose bytes have another digest is a mismatch', async (context) => {
  const url = await serve(context, (_request, response) => response.end('other'));
  await assert.rejects(new TallyClient(url).blob('00'.repeat(32)), { code: 'mismatch' });
});

test('redirects are not followed, and nobody there is unreachable', async (context) => {
  const url = await serve(context, (_request, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  });
  await assert.rejects(new TallyClient(url).checkpoint(), { code: 'refused', status: 302 });
  await assert.rejects(new TallyClient('http://127.0.0.1:1').checkpoint(), {
    code: 'unreachable',
    message: /ECONNREFUSED/,
  });
  assert.throws(() => new TallyClient('ftp://127.0.0.1'), /no tally's address/);
});

test('a tally that changes the protocol instead of answering is unreachable, at once', {
  timeout: 5000,
}, async (context) => {
  const url = await serve(context, (_request, response) => {
    response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  await assert.rejects(new TallyClient(url).checkpoint(), { code: 'unreachable', message: /gave no answer/ });
});

test('a request ends with its signal, and comes from the address told', async (context) => {
  const seen: (string | undefined)[] = [];
  const leaving = new AbortController();
  const url = await serve(context, (request) => {
    seen.push(request.socket.remoteAddress);
    leaving.abort(); // it is asked, and will not answer
  });
  const client = new TallyClient(url, { localAddress: '127.0.7.1' });
  await assert.rejects(client.checkpoint({ signal: leaving.signal }), { name: 'AbortError' });
  assert.deepEqual(seen, ['127.0.7.1']);
});

test('events are read as they come, cut anywhere', () => {
  const stream =
    'retry: 1000\n\nid: 4\nevent: entry\ndata: {"a":\ndata: 1}\n\n:\n\nevent: seeders\r\ndata: 2\r\n\r\ndata: x\n\n';
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 6 }), (cuts) => {
      const parser = new EventStreamParser();
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const events: TallyEvent[] = [];
      for (const [index, end] of places.slice(1).entries()) {
        events.push(...parser.push(Buffer.from(stream.slice(places[index], end))));
      }
      assert.deepEqual(events, [
        { name: 'entry', data: { a: 1 } },
        { name: 'seeders', data: 2 },
      ]);
    }),
  );
  assert.throws(() => [...new EventStreamParser().push(Buffer.alloc(70_000, 'x'))], { code: 'too-large' });
  const endless = Buffer.from('data:\n'.repeat(10_000));
  const parser = new EventStreamParser();
  assert.throws(
    () => {
      for (let chunks = 0; chunks < 10; chunks += 1) Array.from(parser.push(endless));
    },
    { code: 'too-large' },
  );
});
