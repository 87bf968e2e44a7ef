import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brandBytes } from '../../src/bytes/index.ts';
import { Engine, probeSeeder } from '../../src/swarm/index.ts';
import { awkwardTree, makeTorrent, patternBytes, temporaryFolder } from './content.ts';

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
  }
});

test('a seeder whose file changed underneath fails the probe', async (context) => {
  const { metainfo, path, address } = await seeding(context, 'v2');
  await writeFile(join(path, 'b/many'), patternBytes(3_000_001, 99));
  const options = { ...address, infoHash: metainfo.infoHashV2, signal: signal() };
  await assert.rejects(probeSeeder({ ...options, random: () => 0.5 }), { code: 'peer-lied' });
});

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
  await assert.rejects(probeSeeder({ ...address, ...options, infoHash: other }), { code: 'cannot-connect' });
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
