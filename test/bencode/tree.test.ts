// The packages of the tree still do their work on the drop-in.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { Client } from 'bittorrent-dht';
import Wire from 'bittorrent-protocol';
import createTorrent from 'create-torrent';
import parseTorrent from 'parse-torrent';
import { decode } from '../../src/bencode/index.ts';

const LIMIT = { timeout: 20_000 };

/** Comes with webtorrent. */
const UT_METADATA = 'ut_metadata';
const { default: utMetadata } = (await import(UT_METADATA)) as {
  default: (metadata?: Uint8Array) => unknown;
};

function madeTorrent(name: string, content: Buffer): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const input = Object.assign(content, { name });
    createTorrent(input, { announceList: [['http://127.0.0.1:1/announce']] }, (error, torrent) =>
      error ? reject(error) : resolve(torrent),
    );
  });
}

test('create-torrent and parse-torrent go there and back', LIMIT, async () => {
  const content = randomBytes(100_000);
  const torrent = await madeTorrent('über.bin', content);
  const parsed = await parseTorrent(torrent);
  const info = decode(torrent).get('info');
  assert.ok(info);
  assert.equal(parsed.infoHash, createHash('sha1').update(info.raw).digest('hex'));
  assert.equal(parsed.name, 'über.bin');
  assert.equal(parsed.length, content.length);
  assert.deepEqual(parsed.announce, ['http://127.0.0.1:1/announce']);
});

test('two DHT nodes find a peer and a value through each other', LIMIT, async (context) => {
  const [first, second] = await Promise.all([dhtNode(), dhtNode()]);
  context.after(() => Promise.all([closed(first), closed(second)]));
  second.addNode({ host: '127.0.0.1', port: first.address().port });
  await once(second, 'node');
  const infoHash = randomBytes(20);
  await new Promise<void>((resolve, reject) => {
    second.announce(infoHash, 6881, (error) => (error ? reject(error) : resolve()));
  });
  const [peer] = (await Promise.all([once(second, 'peer'), lookup(second, infoHash)]))[0] as [unknown];
  assert.deepEqual(peer, { host: '127.0.0.1', port: 6881 });

  const value = Buffer.from('__proto__');
  const key = await new Promise<Buffer>((resolve, reject) => {
    second.put({ v: value }, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
  const found = await new Promise<{ v: Buffer } | undefined>((resolve, reject) => {
    first.get(key, (error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.deepEqual(found?.v, value);
});

test('metadata crosses two stock Wires by ut_metadata', LIMIT, async () => {
  const torrent = await madeTorrent('content.bin', randomBytes(2_000_000));
  const info = decode(torrent).get('info');
  assert.ok(info);
  const infoHash = createHash('sha1').update(info.raw).digest('hex');
  const [seeder, leecher] = wires();
  seeder.use(utMetadata(Uint8Array.from(info.raw)));
  leecher.use(utMetadata());
  const extension = leecher['ut_metadata'] as EventEmitter & { fetch(): void };
  const arrived = once(extension, 'metadata');
  extension.fetch();
  seeder.on('handshake', () => seeder.handshake(infoHash, 'bb'.repeat(20)));
  leecher.handshake(infoHash, 'aa'.repeat(20));
  const [metadata] = (await arrived) as [Uint8Array];
  assert.deepEqual(Buffer.from(decode(metadata).get('info')?.raw ?? []), Buffer.from(info.raw));
});

async function dhtNode(): Promise<Client> {
  const node = new Client({ bootstrap: false });
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  return node;
}

function closed(node: Client): Promise<void> {
  return new Promise((resolve) => {
    node.destroy(resolve);
  });
}

function lookup(node: Client, infoHash: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    node.lookup(infoHash, (error) => (error ? reject(error) : resolve()));
  });
}

/** Two Wires, each the other's peer. */
function wires(): [Wire, Wire] {
  const [left, right] = [new Wire('tcpIncoming'), new Wire('tcpOutgoing')];
  const across = (from: Wire, to: Wire): void => {
    from.on('data', (chunk: Uint8Array) => void to.write(chunk));
  };
  across(left, right);
  across(right, left);
  return [left, right];
}
