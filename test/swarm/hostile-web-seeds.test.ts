import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import {
  fingerprint,
  type MadeTorrent,
  makeTorrent,
  patternBytes,
  type Tree,
  temporaryFolder,
} from './content.ts';
import { startScripted } from './scripted-peer.ts';
import { type Hit, startWebServer, type WebServer } from './web-server.ts';

const TREE: Tree = { '': patternBytes(3_000_000, 9) };
const BYTES = TREE[''] as Buffer;

interface Setting {
  readonly folder: string;
  readonly made: MadeTorrent;
  readonly engine: Engine;
  readonly troubles: SwarmError[];
  readonly honest: WebServer;
}

async function setUp(context: TestContext, profile: 'hybrid' | 'v2' = 'v2'): Promise<Setting> {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', TREE, profile);
  const engine = new Engine({ stallTimeoutMs: 1500 });
  context.after(() => engine.close());
  return { folder, made, engine, troubles: [], honest: await startWebServer(context, TREE) };
}

/** Downloads from some web seeds, and sees that what is there in the end is right. */
async function downloads(
  { folder, made, engine, troubles }: Setting,
  webSeeds: readonly string[],
  peers: readonly { host: string; port: number }[] = [],
): Promise<void> {
  const result = await engine.download(made.metainfo, {
    folder: join(folder, 'out'),
    webSeeds,
    peers,
    onTrouble: (error) => troubles.push(error),
    signal: AbortSignal.timeout(20_000),
  });
  assert.deepEqual(await fingerprint(result.path), await fingerprint(made.path));
}

for (const profile of ['hybrid', 'v2'] as const) {
  test(`a web seed that sends wrong bytes is banned and named: ${profile}`, async (context) => {
    const setting = await setUp(context, profile);
    const liar = await startWebServer(context, { '': patternBytes(BYTES.length, 77) });
    const { host, port } = await startScripted(
      context,
      '127.0.0.5',
      setting.made.metainfo,
      ({ pieceIndex, begin, length }) => {
        const start = pieceIndex * setting.made.metainfo.pieceLength + begin;
        return BYTES.subarray(start, start + length);
      },
      {},
    );
    await downloads(setting, [`${liar.origin}/content`], [{ host, port }]);
    const lies = setting.troubles.filter(({ code }) => code === 'peer-lied');
    assert.equal(lies.length, 1);
    assert.match(lies[0]?.message ?? '', new RegExp(`web seed ${liar.origin}/content sent a wrong block`));
    assert.equal(setting.troubles.length, 1);
  });
}

test('one wrong byte bans the web seed, and another one gives the piece', async (context) => {
  const setting = await setUp(context);
  // Which ranges it is asked for depends on the other one; the first piece of a range is nobody else's meanwhile.
  const liar = await startWebServer(context, TREE, (hit) => {
    hit.bytes = Buffer.from(hit.bytes);
    hit.bytes[hit.first + 1234] = (hit.bytes[hit.first + 1234] ?? 0) ^ 1;
    hit.serve();
  });
  await downloads(setting, [`${liar.origin}/content`, `${setting.honest.origin}/content`]);
  const lies = setting.troubles.filter(({ code }) => code === 'peer-lied');
  assert.deepEqual(
    lies.map(({ message }) => message.replace(/\d+$/, 'N')),
    [`web seed ${liar.origin}/content sent a wrong block of piece N`],
  );
});

test('with a lying web seed alone nothing comes, and nothing wrong is left', async (context) => {
  const { folder, made, engine, troubles } = await setUp(context);
  const liar = await startWebServer(context, { '': patternBytes(BYTES.length, 77) });
  const stop = new AbortController();
  const out = join(folder, 'out');
  const download = engine.download(made.metainfo, {
    folder: out,
    webSeeds: [`${liar.origin}/content`],
    onTrouble: (error) => {
      troubles.push(error);
      stop.abort(new Error('seen enough'));
    },
    signal: stop.signal,
  });
  await assert.rejects(download, /seen enough/);
  assert.equal(troubles[0]?.code, 'peer-lied');
  assert.ok(!(await readdir(out)).includes('content'));
});

const range = ({ first, last, bytes }: Hit): string => `bytes ${first}-${last}/${bytes.length}`;

const FAULTS: Readonly<Record<string, { readonly answer: (hit: Hit) => void; readonly told: RegExp }>> = {
  'a short body': {
    answer: (hit) => {
      const part = hit.bytes.subarray(hit.first, hit.first + 10_000);
      hit.response.writeHead(206, {
        'content-range': range(hit),
        'content-length': hit.last - hit.first + 1,
      });
      hit.response.write(part, () => hit.response.destroy());
    },
    told: /aborted|hang up/,
  },
  'a short body that ends well': {
    answer: (hit) => {
      hit.response.writeHead(206, { 'content-range': range(hit) });
      hit.response.end(hit.bytes.subarray(hit.first, hit.first + 10_000));
    },
    told: /too short/,
  },
  'next to nothing of the range': {
    answer: ({ first, bytes, response }) => {
      response.writeHead(206, { 'content-range': `bytes ${first}-${first}/${bytes.length}` });
      response.end(bytes.subarray(first, first + 1));
    },
    told: /too short/,
  },
  'another range': {
    answer: ({ first, last, bytes, response }) => {
      response.writeHead(206, { 'content-range': `bytes ${first + 1}-${last}/${bytes.length}` });
      response.end(bytes.subarray(first + 1, last + 1));
    },
    told: /not \d+-\d+/,
  },
  'no Content-Range': {
    answer: ({ first, last, bytes, response }) =>
      response.writeHead(206).end(bytes.subarray(first, last + 1)),
    told: /which bytes/,
  },
  'several ranges in one answer': {
    answer: ({ response }) => {
      response.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end('--x--');
    },
    told: /which bytes/,
  },
  'a gzip bomb': {
    answer: (hit) => {
      hit.response.writeHead(206, { 'content-range': range(hit), 'content-encoding': 'gzip' });
      hit.response.end(gzipSync(Buffer.alloc(50_000_000)));
    },
    told: /compresses \(gzip\)/,
  },
  'a file of another length': {
    answer: ({ first, last, bytes, response }) => {
      response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length + 1}` });
      response.end(bytes.subarray(first, last + 1));
    },
    told: /its file has 3000001 bytes/,
  },
  silence: { answer: () => undefined, told: /silent for/ },
  'silence in the middle': {
    answer: (hit) => {
      hit.response.writeHead(206, {
        'content-range': range(hit),
        'content-length': hit.last - hit.first + 1,
      });
      hit.response.write(hit.bytes.subarray(hit.first, hit.first + 100_000));
    },
    told: /silent for|sent only \d+ bytes in/,
  },
  'bytes that drip': {
    answer: (hit) => {
      hit.response.writeHead(206, {
        'content-range': range(hit),
        'content-length': hit.last - hit.first + 1,
      });
      let at = hit.first;
      const drip = setInterval(() => {
        hit.response.write(hit.bytes.subarray(at, at + 50));
        at += 50;
      }, 20);
      hit.response.on('close', () => clearInterval(drip));
    },
    told: /sent only \d+ bytes in 2 s/,
  },
  'HTTP status 500': {
    answer: ({ response }) => response.writeHead(500).end('no'),
    told: /status 500; asked again in/,
  },
  'redirects without end': {
    answer: ({ response, path }) => response.writeHead(302, { location: path }).end(),
    told: /redirects too often/,
  },
  'a redirect to an address that is nobody’s': {
    answer: ({ response }) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
    told: /is given up: 169\.254\.169\.254/,
  },
  'a redirect to another protocol': {
    answer: ({ response }) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    told: /file: is not a protocol/,
  },
};

for (const [name, { answer, told }] of Object.entries(FAULTS)) {
  test(`a web seed with ${name} holds nothing up`, async (context) => {
    const setting = await setUp(context);
    const hostile = await startWebServer(context, TREE, answer);
    await downloads(setting, [`${hostile.origin}/content`, `${setting.honest.origin}/content`]);
    assert.ok(
      setting.troubles.some(({ code, message }) => code === 'web-seed' && told.test(message)),
      setting.troubles.map(({ message }) => message).join('\n'),
    );
  });
}

test('an endless body is left when all of the run is there', async (context) => {
  const setting = await setUp(context);
  let sent = 0;
  const closed = Promise.withResolvers<void>();
  const endless = await startWebServer(context, TREE, (hit) => {
    hit.response.writeHead(206, { 'content-range': range(hit) });
    hit.response.write(hit.bytes.subarray(hit.first, hit.last + 1));
    const more = Buffer.alloc(65_536);
    const pump = (): void => {
      while (sent < 1_000_000_000 && !hit.response.destroyed) {
        sent += more.length;
        if (!hit.response.write(more)) return;
      }
    };
    hit.response.on('drain', pump);
    hit.response.on('close', closed.resolve);
    pump();
  });
  await downloads(setting, [`${endless.origin}/content`]);
  await closed.promise;
  assert.ok(sent < 50_000_000, `${sent} bytes too many were sent`);
});

test('what the torrent names leads to no address of this machine; what the user names may, and leads no nearer', async (context) => {
  const setting = await setUp(context);
  const { made, folder, troubles } = setting;
  const inside = await startWebServer(context, TREE);
  // An engine that listens on an address of this machine takes those of this machine; one that does not listen, none.
  const source = { ...made.metainfo, webSeeds: [`${inside.origin}/content`, 'http://localhost:1/x'] };
  await setting.engine.download(source, {
    folder: join(folder, 'out'),
    sourceWebSeeds: true,
    webSeeds: [`${setting.honest.origin}/content`],
    onTrouble: (error) => troubles.push(error),
    signal: AbortSignal.timeout(20_000),
  });
  assert.deepEqual(inside.asked, []);
  assert.equal(troubles.filter(({ message }) => message.includes('is given up')).length, 2);
});

test('a wait that the server asks for (Retry-After) is kept', async (context) => {
  const setting = await setUp(context);
  const times: number[] = [];
  const busy = await startWebServer(context, TREE, (hit) => {
    times.push(performance.now());
    if (times.length === 1) hit.response.writeHead(503, { 'retry-after': '3' }).end();
    else hit.serve();
  });
  await downloads(setting, [`${busy.origin}/content`]);
  assert.ok(
    (times[1] ?? 0) - (times[0] ?? 0) >= 2990,
    `asked again after ${(times[1] ?? 0) - (times[0] ?? 0)} ms`,
  );
  assert.match(setting.troubles[0]?.message ?? '', /status 503; asked again in 3 s/);
});

test('a name and password in a URL are told to nobody', async (context) => {
  const setting = await setUp(context);
  const url = setting.honest.origin.replace('//', '//me:secret@');
  await downloads(setting, [`${url}/nothing?key=secret`, `${setting.honest.origin}/content`]);
  assert.ok(setting.troubles.length > 0);
  assert.ok(setting.troubles.every(({ message }) => !message.includes('secret')));
});

test('a torrent without piece layers waits for a peer, and says so', async (context) => {
  const setting = await setUp(context);
  const hinted = Promise.withResolvers<SwarmError>();
  const stop = new AbortController();
  const download = setting.engine.download(
    { ...setting.made.metainfo, pieceLayers: new Map() },
    {
      folder: join(setting.folder, 'out'),
      webSeeds: [`${setting.honest.origin}/content`],
      onTrouble: hinted.resolve,
      signal: stop.signal,
    },
  );
  const { code, message } = await hinted.promise;
  assert.equal(code, 'web-seed');
  assert.match(message, /piece layers of this torrent are unknown/);
  assert.deepEqual(setting.honest.asked, []);
  stop.abort(new Error('seen enough'));
  await assert.rejects(download, /seen enough/);
});
