import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey, makeStatement, signStatement } from '../../src/statement/index.ts';
import { rawGet, sendRaw } from './raw-http.ts';
import {
  ask,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  post,
  RECIPE,
  releaseEntry,
  runTally,
  until,
} from './tally-fixture.ts';

test('a foreign Host on loopback is answered with 421 everywhere, so that no rebound name gets in', async (t) => {
  const tally = await runTally(t, makeCast(), { publicUrl: 'https://tally.example' });
  for (const path of ['/', '/api/v1/status', '/announce', '/checkpoint', '/nothing']) {
    for (const host of [
      'evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '',
    ]) {
      const { status } = await sendRaw(tally, rawGet(path, [`Host: ${host}`]));
      assert.equal(status, 421, `${path} for Host ${host}`);
    }
  }
  for (const host of ['127.0.0.1', 'localhost:1', '[::1]:80', '127.3.2.1', 'tally.example']) {
    assert.equal((await sendRaw(tally, rawGet('/api/v1/status', [`Host: ${host}`]))).status, 200, host);
  }
});

test('a slow request head, a long one and an endless body all end in time', async (t) => {
  const tally = await runTally(t, makeCast(), {
    limits: { headerTimeoutMs: 500, requestTimeoutMs: 1000, headerBytes: 4096 },
  });
  const started = performance.now();
  const slow = await sendRaw(tally, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
  assert.equal(slow.status, 408);
  const body = 'POST /api/v1/entries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
  assert.equal((await sendRaw(tally, `${body}Content-Length: 4000\r\n\r\n{`)).status, 408);
  assert.ok(performance.now() - started < 5000);
  const long = await sendRaw(tally, rawGet('/', ['Host: 127.0.0.1', `X-Long: ${'a'.repeat(5000)}`]));
  assert.equal(long.status, 431);
  assert.equal((await ask(`${tally.url}/api/v1/status`)).status, 200);
});

test('oversized bodies are refused by their length or as they grow, without being read to the end', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast);
  const big = await ask(`${tally.url}/api/v1/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.alloc(SERVICE_LIMITS.entryBytes + 1, 0x20),
  });
  assert.deepEqual([big.status, big.body['code']], [413, 'body-too-large']);
  assert.equal(big.headers.get('content-type'), 'application/problem+json');
  const head = 'POST /api/v1/entries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${`1000\r\n${'a'.repeat(4096)}\r\n`.repeat(3)}`;
  assert.equal((await sendRaw(tally, chunked)).status, 413);
  const zipped = await ask(`${tally.url}/api/v1/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: '{}',
  });
  assert.equal(zipped.status, 415);
  const release = releaseEntry(cast.publisher, tally.origin);
  await post(tally, release);
  const { recipe } = (await ask(`${tally.url}/api/v1/releases/${digestOf(release)}`)).body as {
    recipe: { sha256: string };
  };
  const blob = await ask(`${tally.url}/blob/${recipe.sha256}`, {
    method: 'PUT',
    body: Buffer.alloc(SERVICE_LIMITS.blobBytes + 1),
  });
  assert.equal(blob.status, 413);
});

test('what is no envelope, no good signature or no right of its signer stays out of the log', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast, { windowSeconds: 2 });
  const { origin } = tally;
  const send = (body: string, type = 'application/json'): ReturnType<typeof ask> =>
    ask(`${tally.url}/api/v1/entries`, { method: 'POST', headers: { 'content-type': type }, body });
  const good = Buffer.from(builderEntry(cast.founders[0] as (typeof cast.founders)[0], origin)).toString();
  const envelope = JSON.parse(good) as { payload: string; signatures: { keyid: string; sig: string }[] };
  const other = generateKey('other').key;
  const cases: [string, string, number, string][] = [
    ['nothing', '', 400, 'bad-envelope'],
    ['no JSON', '{', 400, 'bad-envelope'],
    ['another shape', '[]', 400, 'bad-envelope'],
    ['a deep nest', '['.repeat(4000), 400, 'bad-envelope'],
    ['an unknown key', JSON.stringify({ ...envelope, extra: 1 }), 400, 'bad-envelope'],
    [
      'a payload that is no statement',
      JSON.stringify({ ...envelope, payload: 'e30=' }),
      400,
      'bad-statement',
    ],
    [
      'a signature under another name',
      JSON.stringify({ ...envelope, signatures: [{ ...envelope.signatures[0], keyid: other }] }),
      400,
      'bad-signature',
    ],
    [
      'an unknown publisher',
      text(releaseEntry(generateKey('stranger'), origin, { windowSeconds: 2 })),
      403,
      'unknown-publisher',
    ],
    ['another log', text(builderEntry(generateKey('b'), 'other.invalid/log')), 400, 'wrong-origin'],
    [
      'a short window',
      text(releaseEntry(cast.publisher, origin, { windowSeconds: 1 })),
      403,
      'window-below-floor',
    ],
    [
      'a heartbeat by a stranger',
      text(
        signStatement(
          makeStatement(
            'heartbeat',
            { name: 'heartbeat', sha256: 'ab'.repeat(32) },
            { origin, timeMs: Date.now() },
          ),
          [generateKey('stranger')],
        ),
      ),
      403,
      'wrong-signer',
    ],
  ];
  for (const [name, body, status, code] of cases) {
    const answer = await send(body);
    assert.deepEqual([answer.status, answer.body['code']], [status, code], name);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json', name);
    assert.match(answer.body['detail'] as string, /\w/);
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await send(good, type);
    assert.deepEqual([answer.status, answer.body['code']], [415, 'unsupported-media-type'], type);
  }
  assert.equal(((await ask(`${tally.url}/api/v1/status`)).body as { size: number }).size, 1);
});

function text(envelope: Uint8Array): string {
  return Buffer.from(envelope).toString();
}

test('a vote that was replayed, or signed again by another, moves nothing', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast, { windowSeconds: 1 });
  const [founder] = cast.founders as [(typeof cast.founders)[0]];
  await post(tally, builderEntry(founder, tally.origin));
  const release = releaseEntry(cast.publisher, tally.origin);
  const digest = digestOf(release);
  await post(tally, release);
  const view = async (): Promise<Record<string, unknown>> =>
    (await ask(`${tally.url}/api/v1/releases/${digest}`)).body;
  await until(view, ({ state }) => state === 'committing');
  const own = ballot(founder, tally.origin, digest, 'ab'.repeat(32));
  const commit = own.commit();
  const first = await post(tally, commit);
  assert.equal(first.status, 201);
  const replays = await Promise.all(Array.from({ length: 20 }, () => post(tally, commit)));
  for (const replay of replays) assert.deepEqual([replay.status, replay.body], [200, first.body]);
  await until(view, ({ state }) => state === 'voting');
  const vote = own.vote();
  const thief = generateKey('thief');
  const envelope = JSON.parse(text(vote)) as { signatures: { keyid: string; sig: string }[] };
  const stolen = {
    ...envelope,
    signatures: envelope.signatures.map(({ sig }) => ({ keyid: thief.key, sig })),
  };
  const answer = await post(tally, Buffer.from(JSON.stringify(stolen)));
  assert.deepEqual([answer.status, answer.body['code']], [400, 'bad-signature']);
  assert.equal((await post(tally, vote)).status, 201);
  const { groups } = (await view()) as { groups: { total: number }[] };
  assert.equal(groups[0]?.total, 1);
});

test('an address that asks too often is told when to come back, and others are served', async (t) => {
  const tally = await runTally(t, makeCast(), {
    limits: { rates: { ...SERVICE_LIMITS.rates, read: { burst: 5, perSecond: 0.1 } } },
  });
  for (let at = 0; at < 5; at += 1) assert.equal((await ask(`${tally.url}/api/v1/status`)).status, 200);
  const refused = await ask(`${tally.url}/api/v1/status`);
  assert.deepEqual([refused.status, refused.body['code']], [429, 'too-many-requests']);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  const forwarded = rawGet('/api/v1/status', ['Host: 127.0.0.1', 'X-Forwarded-For: 203.0.113.9']);
  assert.equal((await sendRaw(tally, forwarded)).status, 429, 'X-Forwarded-For is not believed');
  const other = await sendRaw(tally, rawGet('/api/v1/status'), { localAddress: '127.0.9.9' });
  assert.equal(other.status, 200);
});

test('connections and event streams are capped for each address', async (t) => {
  const tally = await runTally(t, makeCast(), {
    limits: {
      connectionsPerAddress: 8,
      events: { ...SERVICE_LIMITS.events, sessionsPerAddress: 2 },
    },
  });
  const stop = new AbortController();
  t.after(async () => stop.abort());
  for (const status of [200, 200, 429]) {
    assert.equal((await fetch(`${tally.url}/api/v1/events`, { signal: stop.signal })).status, status);
  }
  const { hostname, port } = new URL(tally.url);
  let closed = 0;
  const sockets = Array.from({ length: 30 }, () =>
    connect({ host: hostname, port: Number(port), localAddress: '127.0.9.9' })
      .on('error', () => undefined)
      .on('close', () => {
        closed += 1;
      }),
  );
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
  });
  await until(
    async () => closed,
    (count) => count === 22,
  );
  assert.equal((await ask(`${tally.url}/api/v1/status`)).status, 200);
});

test('behind a proxy other addresses are capped all the same, and the proxy itself is not', async (t) => {
  const proxy = '127.0.7.7';
  const tally = await runTally(t, makeCast(), {
    limits: { connectionsPerAddress: 8 },
    trustedProxies: [proxy],
  });
  const { hostname, port } = new URL(tally.url);
  const closed: string[] = [];
  const sockets = [proxy, '127.0.9.9'].flatMap((localAddress) =>
    Array.from({ length: 30 }, () =>
      connect({ host: hostname, port: Number(port), localAddress })
        .on('error', () => undefined)
        .on('close', () => closed.push(localAddress)),
    ),
  );
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
  });
  await until(
    async () => closed.length,
    (count) => count === 22,
  );
  assert.equal((await sendRaw(tally, rawGet('/api/v1/status'), { localAddress: proxy })).status, 200);
  assert.deepEqual(new Set(closed), new Set(['127.0.9.9']));
});

test('event streams that come back are counted as costly, and opening one is not', async (t) => {
  const tally = await runTally(t, makeCast(), {
    limits: { rates: { ...SERVICE_LIMITS.rates, view: { burst: 2, perSecond: 0.1 } } },
  });
  const open = async (headers: Record<string, string>): Promise<number> => {
    const stop = new AbortController();
    const { status } = await fetch(`${tally.url}/api/v1/events`, { headers, signal: stop.signal });
    stop.abort();
    return status;
  };
  const back = { 'last-event-id': '0' };
  for (const status of [200, 200, 429, 429]) assert.equal(await open(back), status);
  for (let at = 0; at < 5; at += 1) assert.equal(await open({}), 200);
});

test('an address that sends blobs slowly keeps no other away from sending one', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast, { windowSeconds: 60 });
  await post(tally, releaseEntry(cast.publisher, tally.origin, { windowSeconds: 60 }));
  const path = `/blob/${createHash('sha256').update(RECIPE).digest('hex')}`;
  const { port } = new URL(tally.url);
  const put = (localAddress: string): ClientRequest => {
    const headers = { 'content-length': RECIPE.length };
    return request({ host: '127.0.0.1', port, path, method: 'PUT', localAddress, headers, agent: false });
  };
  const statusOf = (asked: ClientRequest): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      asked.once('response', (answer) => resolve(answer.resume().statusCode)).once('error', reject);
    });
  const slow = Array.from({ length: 16 }, () => put('127.0.0.1'));
  t.after(() => slow.map((each) => each.destroy()));
  let refused = 0;
  for (const each of slow) {
    statusOf(each).then(
      (status) => {
        assert.equal(status, 503);
        refused += 1;
      },
      () => {}, // cut off at the end of the test
    );
    each.write(RECIPE.subarray(0, 1));
  }
  await until(
    async () => refused,
    (count) => count === 12,
  );
  const other = put('127.0.0.2');
  other.end(RECIPE);
  assert.equal(await statusOf(other), 201);
});

test('who sends blobs slowly that are there already takes no place from anybody', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast, { windowSeconds: 60 });
  await post(tally, releaseEntry(cast.publisher, tally.origin, { windowSeconds: 60 }));
  const { policy } = (await ask(`${tally.url}/api/v1/status`)).body as { policy: { digest: string } };
  const { port } = new URL(tally.url);
  const slow = Array.from({ length: 16 }, (_, at) =>
    request({
      host: '127.0.0.1',
      port,
      path: `/blob/${policy.digest}`,
      method: 'PUT',
      localAddress: `127.0.8.${1 + (at % 4)}`,
      headers: { 'content-length': 1000, expect: '100-continue' },
      agent: false,
    }).on('error', () => undefined),
  );
  t.after(() => slow.map((each) => each.destroy()));
  await Promise.all(
    slow.map((each) => {
      each.flushHeaders();
      return once(each, 'continue');
    }),
  );
  const url = `${tally.url}/blob/${createHash('sha256').update(RECIPE).digest('hex')}`;
  const put = (): ReturnType<typeof ask> => ask(url, { method: 'PUT', body: Buffer.from(RECIPE) });
  const first = await put();
  assert.equal(first.status, 201);
  const again = await put();
  assert.deepEqual([again.status, again.body], [200, first.body]);
});

test('the dashboard is served under a strict policy, and nothing beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-web-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'dist', '.hidden'), 'secret');
  await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'dist', 'assets', 'index-abc.js'), 'export {};');
  const tally = await runTally(t, makeCast(), { dashboardFolder: join(folder, 'dist') });
  for (const path of ['/', `/release/${'ab'.repeat(32)}`]) {
    const page = await fetch(`${tally.url}${path}`);
    assert.match(await page.text(), /<title>page/);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /unsafe|http:|\*/);
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(page.headers.get('x-frame-options'), 'DENY');
    assert.equal(page.headers.get('x-powered-by'), null);
  }
  const script = await fetch(`${tally.url}/assets/index-abc.js`);
  assert.match(script.headers.get('cache-control') ?? '', /immutable/);
  for (const path of [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//secret.txt',
    '/.hidden',
    '/secret.txt%00.js',
    '/%ff',
    '/%',
  ]) {
    const { status, body } = await sendRaw(tally, rawGet(path));
    assert.ok(status === 404 || status === 400 || status === 403, `${path}: ${status}`);
    assert.doesNotMatch(body.toString('latin1'), /^secret/, path);
  }
  const { body } = await ask(`${tally.url}/%3Cscript%3Ealert(1)%3C/script%3E`);
  assert.doesNotMatch(JSON.stringify(body), /<script>/, 'what was asked is not repeated');
});

test('only GET reads and only POST and PUT write', async (t) => {
  const tally = await runTally(t, makeCast());
  for (const [method, path] of [
    ['GET', '/api/v1/entries'],
    ['DELETE', '/api/v1/releases'],
    ['POST', '/announce'],
    ['POST', `/blob/${'ab'.repeat(32)}`],
    ['PUT', '/checkpoint'],
    ['OPTIONS', '/api/v1/entries'],
  ] as const) {
    const { status, headers } = await ask(`${tally.url}${path}`, { method });
    assert.ok(status === 404 || status === 200, `${method} ${path}: ${status}`);
    assert.equal(headers.get('access-control-allow-origin'), null);
  }
});
