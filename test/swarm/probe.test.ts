import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brandBytes } from '../../src/bytes/index.ts';
import { Engine, probeSeeder } from '../../src/swarm/index.ts';
import type { BlockSpan, HashRange } from '../../src/wire/index.ts';
import { awkwardTree, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { type Line, type Script, startScripted } from './scripted-peer.ts';

const signal = () => AbortSignal.timeout(20_000);

async function seeding(context: TestContext, profile: 'hybrid' | 'v2') {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), profile);
  const engine = new Engine();
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(made.torrent, made.path);
  return { ...made, engine, address };
}

test('any block of a seeder can be probed, with the metadata given or fetched', async (context) => {
  const { metainfo, address } = await seeding(context, 'hybrid');
  const infoHash = metainfo.infoHashV2;
  for (let at = 0; at < 24; at += 1) {
    const known = at % 2 === 0 ? { metainfo } : {};
    const random = () => at / 24;
    const result = await probeSeeder({ ...address, infoHash, random, signal: signal(), ...known });
    assert.equal(result.proof, 'block');
    assert.deepEqual(result.metainfo.infoBytes, metainfo.infoBytes);
    assert.ok(result.milliseconds < 5000);
    assert.ok(result.receivedBytes > 300 && result.receivedBytes < 24_000, `${result.receivedBytes} bytes`);
    assert.ok(result.sentBytes < 1000, `${result.sentBytes} bytes`);
    assert.equal(result.client, 'bitquorum 0.1');
  }
});

test('the block is drawn from the system’s random source unless the caller draws it', async (context) => {
  const { metainfo, address } = await seeding(context, 'v2');
  const seen = new Set<string>();
  for (let count = 0; count < 20; count += 1) {
    const options = { ...address, infoHash: metainfo.infoHashV2, metainfo, signal: signal() };
    const { pieceIndex, blockIndex } = await probeSeeder(options);
    seen.add(`${pieceIndex}/${blockIndex}`);
  }
  assert.ok(seen.size > 5, [...seen].join(' '));
});

test('a seeder whose file changed underneath fails the probe', async (context) => {
  const { metainfo, path, address } = await seeding(context, 'v2');
  await writeFile(join(path, 'b/many'), patternBytes(3_000_001, 99));
  const options = { ...address, infoHash: metainfo.infoHashV2, signal: signal() };
  await assert.rejects(probeSeeder({ ...options, random: () => 0.5 }), { code: /^peer-(lied|refused)$/ });
});

const CONTENT = patternBytes(3_000_000, 12);
const FAKES: readonly (readonly [name: string, code: string, script: Script])[] = [
  [
    'another block',
    'peer-lied',
    { block: ({ length }) => patternBytes(length, 1), hashes: (range) => hashes(range) },
  ],
  ['a proof of another tree', 'peer-lied', { hashes: ({ length }) => patternBytes(32 * length, 2) }],
  ['another piece', 'peer-lied', { block: ({ length }) => patternBytes(length, 1) }],
  ['no block', 'peer-refused', { block: refuse }],
  ['nothing', 'timed-out', { block: () => undefined }],
  ['messages without end', 'peer-broke-protocol', { block: flood }],
];

for (const [name, code, script] of FAKES) {
  test(`a fake seeder that gives ${name} fails the probe within its bounds`, async (context) => {
    const folder = await temporaryFolder(context);
    const { metainfo } = await makeTorrent(folder, 'content', { '': CONTENT }, 'v2');
    const bytesAt = ({ pieceIndex, begin, length }: BlockSpan): Uint8Array => {
      const start = pieceIndex * metainfo.pieceLength + begin;
      return CONTENT.subarray(start, start + length);
    };
    const fake = await startScripted(context, '127.0.60.1', metainfo, bytesAt, script);
    const { host, port } = fake;
    const options = { host, port, infoHash: metainfo.infoHashV2, metainfo, signal: signal() };
    await assert.rejects(probeSeeder({ ...options, timeoutMs: 1500, maxBytes: 4_000_000 }), { code });
    const [line] = fake.lines;
    if (line && !line.socket.closed) await new Promise((resolve) => line.socket.once('close', resolve));
    assert.ok((line?.socket.bytesWritten ?? 0) < 30_000_000);
  });
}

/** Hashes of the right number and other content. */
function hashes({ length, proofLayers }: HashRange): Uint8Array {
  return patternBytes(32 * (length + proofLayers - Math.log2(length) + 1), 3);
}

function refuse(span: BlockSpan, line: Line): undefined {
  line.send({ ...span, type: 'reject' });
}

/** Sends what nobody has to answer, until it is cut off. */
function flood(span: BlockSpan, line: Line): undefined {
  if (line.socket.destroyed) return;
  for (let count = 0; count < 100; count += 1) line.send({ type: 'bitfield', bits: new Uint8Array(1000) });
  setImmediate(flood, span, line);
}

test('a probe of somebody who is no seeder fails by name', async (context) => {
  const { metainfo, address } = await seeding(context, 'v2');
  const infoHash = metainfo.infoHashV2;
  const options = { infoHash, random: Math.random, signal: signal() };
  const silent = createServer();
  context.after(() => silent.close());
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const { port } = silent.address() as { port: number };
  const mute = { host: '127.0.0.1', port };
  await assert.rejects(probeSeeder({ ...mute, ...options, timeoutMs: 200 }), { code: 'timed-out' });
  const web = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  context.after(() => web.close());
  await new Promise<void>((resolve) => {
    web.listen(0, '127.0.0.1', resolve);
  });
  const webPort = (web.address() as { port: number }).port;
  await assert.rejects(probeSeeder({ host: '127.0.0.1', port: webPort, ...options }), {
    code: 'peer-broke-protocol',
  });
  const other = brandBytes('InfoHashV2', new Uint8Array(32));
  await assert.rejects(probeSeeder({ ...address, ...options, infoHash: other }), {
    code: 'cannot-connect',
    message: /closed the connection each of 3 times .*does not have this torrent$/,
  });
  const stopped = AbortSignal.abort(new Error('enough'));
  await assert.rejects(probeSeeder({ ...address, ...options, signal: stopped }), { message: 'enough' });
});

test('a seeder that closes the first connections, as libtorrent does after a torrent was added, is asked again', async (context) => {
  const { metainfo, address } = await seeding(context, 'hybrid');
  let connections = 0;
  const shy = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    if (connections <= 3) {
      socket.end();
      return;
    }
    const seeder = connect(address.port, address.host);
    seeder.on('error', () => undefined);
    socket.pipe(seeder).pipe(socket);
    socket.on('close', () => seeder.destroy());
  });
  context.after(() => shy.close());
  await new Promise<void>((resolve) => {
    shy.listen(0, '127.0.0.1', resolve);
  });
  const { port } = shy.address() as { port: number };
  const options = { infoHash: metainfo.infoHashV2, random: Math.random, signal: signal() };
  const { proof } = await probeSeeder({ host: '127.0.0.1', port, ...options });
  assert.equal(proof, 'block');
  assert.ok(connections > 3);
});
