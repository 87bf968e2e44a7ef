// Which addresses strangers may lead us to: by scope, after names are resolved, and at each redirect.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import {
  isWithin,
  lookupWithin,
  mustBeWithin,
  reachFrom,
} from '../../src/swarm/connection/address-policy.ts';
import { scopeOf } from '../../src/swarm/connection/address-scope.ts';
import { httpGet, readBody } from '../../src/swarm/connection/http-get.ts';

const SCOPES = {
  public: ['8.8.8.8', '100.63.255.255', '172.15.0.1', '172.32.0.1', '2606:4700::1', '2002:808:808::1'],
  'public in another form': ['::ffff:8.8.8.8', '64:ff9b::8.8.8.8'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255'],
  'private of IPv6': ['fc00::1', 'fd12:3456::1', 'fec0::1', '64:ff9b:1::7f00:1', '198.18.0.1'],
  'private in another form': ['::ffff:10.0.0.1', '64:ff9b::192.168.1.1', '2002:a00:1::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  'loopback in another form': ['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::1'],
  reserved: ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', '::ffff:169.254.169.254', '100.100.100.200'],
  'reserved by IANA': ['192.0.2.1', '203.0.113.9', '198.51.100.7', '2001:db8::1', '2001::1', 'fd00:ec2::254'],
  'reserved for later': ['240.0.0.1', '::7f00:1', '192.0.0.192', '100::1', '4000::1'],
  never: ['0.0.0.0', '0.1.2.3', '255.255.255.255', '224.0.0.1', '239.255.255.250', '::', 'ff02::1'],
  'never, being no address': ['localhost', '127.1', '0x7f000001', '2130706433', '', '1.2.3.4.5'],
} as const;

for (const [what, hosts] of Object.entries(SCOPES)) {
  test(`addresses that are ${what}`, () => {
    for (const host of hosts) assert.equal(scopeOf(host), /^\w+/.exec(what)?.[0], host);
  });
}

test('nobody leads us nearer than he stands; the user may name any host, but none that is none', () => {
  const rows = [
    ['8.8.8.8', 'public', [true, false, false, false]],
    ['10.0.0.1', 'private', [true, true, false, false]],
    ['127.0.0.1', 'loopback', [true, true, true, false]],
    ['169.254.0.7', 'public', [true, false, false, false]],
  ] as const;
  for (const [from, reach, expected] of rows) {
    assert.equal(reachFrom(from), reach);
    const led = ['1.1.1.1', '192.168.0.1', '::1', '169.254.169.254'].map((host) => isWithin(host, reach));
    assert.deepEqual(led, expected);
  }
  for (const host of ['1.1.1.1', '192.168.0.1', '::1', 'fe80::1']) assert.ok(isWithin(host, 'named'));
  for (const host of ['0.0.0.0', '224.0.0.1', '::']) assert.ok(!isWithin(host, 'named'));
  const refused = { code: 'refused-address' };
  assert.throws(() => mustBeWithin({ host: '127.0.0.1', port: 80 }, 'public'), refused);
  assert.throws(() => mustBeWithin({ host: '8.8.8.8', port: 0 }, 'named'), refused);
  assert.throws(() => mustBeWithin({ host: '0.0.0.0', port: 80 }, 'named'), refused);
  mustBeWithin({ host: 'localhost', port: 80 }, 'public'); // judged when it is resolved
});

test('names are judged by what they resolve to, in every form that the system reads', async () => {
  const resolve = (name: string, reach: 'public' | 'loopback'): Promise<unknown> =>
    new Promise((done, reject) => {
      lookupWithin(reach)(name, { all: true }, (error, found) => (error ? reject(error) : done(found)));
    });
  for (const name of ['localhost', '127.1', '0x7f.1', '2130706433']) {
    await assert.rejects(resolve(name, 'public'), { code: 'refused-address' }, name);
    assert.ok(((await resolve(name, 'loopback')) as unknown[]).length > 0);
  }
});

async function startWeb(context: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const options = (reach: 'public' | 'loopback' | 'named') => ({
  reach,
  signal: AbortSignal.timeout(5000),
  silenceMs: 300,
});

test('a request to an address out of reach is never made, in whatever form it is written', async (context) => {
  const asked: unknown[] = [];
  const base = await startWeb(context, (request, response) => {
    asked.push(request.url);
    response.end('x');
  });
  const port = new URL(base).port;
  for (const host of [
    '127.0.0.1',
    'localhost',
    '127.1',
    '0x7f000001',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '0.0.0.0',
  ]) {
    await assert.rejects(
      httpGet(`http://${host}:${port}/`, options('public')),
      { code: 'refused-address' },
      host,
    );
  }
  assert.deepEqual(asked, []);
});

test('a redirect leads no nearer than its server, nor to other protocols, nor on and on', async (context) => {
  const asked: unknown[] = [];
  const base = await startWeb(context, (request, response) => {
    asked.push(request.url);
    const to = decodeURIComponent((request.url ?? '').slice(1));
    if (to === 'end') response.end('the end');
    else response.writeHead(307, { location: to === '' ? '/' : to }).end();
  });
  const ask = (to: string): Promise<unknown> =>
    httpGet(`${base}/${encodeURIComponent(to)}`, options('named'));
  await assert.rejects(ask('http://169.254.169.254/latest/meta-data/'), { code: 'refused-address' });
  await assert.rejects(ask('http://0.0.0.0:80/'), { code: 'refused-address' });
  await assert.rejects(ask('file:///etc/hostname'), /file: is not a protocol/);
  await assert.rejects(ask('http://['), /it redirects to nowhere/);
  await assert.rejects(ask(''), /it redirects too often/);
  const answer = await httpGet(`${base}/${encodeURIComponent(`${base}/end`)}`, options('named'));
  assert.equal(Buffer.from(await readBody(answer, 100)).toString(), 'the end');
  assert.equal(answer.host, '127.0.0.1');
});

test('ranges, bodies that are too long, silence, and servers that hang up', async (context) => {
  const base = await startWeb(context, (request, response) => {
    if (request.url === '/range') response.writeHead(206).end(request.headers.range);
    else if (request.url === '/endless') response.end(Buffer.alloc(1 << 20));
    else if (request.url === '/stuck') response.writeHead(200).write('x');
    else if (request.url === '/gone') request.socket.destroy();
  });
  const get = (path: string) => httpGet(base + path, { ...options('named'), range: { first: 5, last: 9 } });
  const ranged = await get('/range');
  assert.equal(ranged.status, 206);
  assert.equal(Buffer.from(await readBody(ranged, 100)).toString(), 'bytes=5-9');
  await assert.rejects(readBody(await get('/endless'), 1000), /it answers too much/);
  await assert.rejects(get('/silent'), /it was silent for 0.3 s/);
  await assert.rejects(readBody(await get('/stuck'), 1000), /aborted|silent/);
  await assert.rejects(get('/gone'), /socket hang up/);
  const stop = new AbortController();
  const stopped = httpGet(`${base}/silent`, { reach: 'named', signal: stop.signal, silenceMs: 60_000 });
  stop.abort(new Error('enough'));
  await assert.rejects(stopped, /enough/);
});

test('a server that changes the protocol instead of answering is no answer, at once', async (context) => {
  const server = createServer();
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const tooLate = AbortSignal.timeout(5000);
  const late = new Promise((_, reject) => {
    tooLate.addEventListener('abort', () => reject(tooLate.reason as Error));
  });
  const asked = httpGet(`http://127.0.0.1:${port}/`, options('loopback'));
  await assert.rejects(Promise.race([asked, late]), { message: 'it gave no answer' });
});
