// What Debian's aria2 1.36 does with hybrids and v2: it drops entries with the empty names that a file tree is made of (BEP 52), and
// so takes a hybrid for another torrent. It gets a hybrid's metadata from us by the v1 infohash, and no content.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BencodeNode, decode, type Encodable, encode } from '../../src/bencode/index.ts';
import { toHex } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { formatMagnet } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { awkwardTree, makeTorrent, temporaryFolder } from '../swarm/content.ts';
import { runAria2 } from './aria2-peer.ts';

const skip = needs('aria2');
/** aria2's exit statuses: a stopped download, metadata that it cannot use, a link that it does not know. */
const STOPPED = 7;
const BAD_TORRENT = 26;
const UNKNOWN = 1;

async function prepare(context: TestContext, profile: 'hybrid' | 'v2') {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), profile);
  const torrentPath = join(folder, 'content.torrent');
  await writeFile(torrentPath, made.torrent);
  const out = join(folder, 'out');
  await mkdir(out);
  return { ...made, torrentPath, out };
}

/** Seeds to an aria2 that listens. */
async function seedTo(context: TestContext, torrent: Uint8Array, path: string, port: number) {
  const engine = new Engine();
  context.after(() => engine.close());
  await engine.listen();
  return engine.seed(torrent, path, { peers: [{ host: '127.0.0.1', port }] });
}

test("aria2 reads another infohash from a hybrid's .torrent: that without empty keys", {
  skip,
}, async (context) => {
  const made = await prepare(context, 'hybrid');
  const { words } = await runAria2(context, ['--show-files', made.torrentPath]).ended;
  const [, shown] = words.match(/^Info Hash: ([0-9a-f]{40})$/m) ?? [];
  const info = decode(made.metainfo.infoBytes);
  assert.notEqual(shown, toHex(made.metainfo.infoHashV1 ?? new Uint8Array(0)));
  assert.equal(
    shown,
    createHash('sha1')
      .update(encode(withoutEmptyKeys(info)))
      .digest('hex'),
  );
});

test('aria2 refuses v2: its .torrent and its magnet link', { skip }, async (context) => {
  const made = await prepare(context, 'v2');
  const file = await runAria2(context, [`--dir=${made.out}`, made.torrentPath]).ended;
  assert.equal(file.status, BAD_TORRENT, file.words);
  const magnet = formatMagnet({ infoHashV2: made.metainfo.infoHashV2 });
  const link = await runAria2(context, [`--dir=${made.out}`, magnet]).ended;
  assert.equal(link.status, UNKNOWN, link.words);
});

test('aria2 has the metadata of a hybrid from us by its v1 magnet link', { skip }, async (context) => {
  const made = await prepare(context, 'hybrid');
  const port = await freePort();
  const infoHashV1 = toHex(made.metainfo.infoHashV1 ?? new Uint8Array(0));
  const { listening, ended } = runAria2(context, [
    `--dir=${made.out}`,
    `--listen-port=${port}`,
    '--bt-metadata-only=true',
    '--bt-save-metadata=true',
    '--bt-stop-timeout=20',
    `magnet:?xt=urn:btih:${infoHashV1}`,
  ]);
  await listening;
  await seedTo(context, made.torrent, made.path, port);
  const { status, words } = await ended;
  assert.equal(status, 0, words);
  const saved = decode(await readFile(join(made.out, `${infoHashV1}.torrent`)));
  assert.deepEqual(new Uint8Array(saved.get('info')?.raw ?? []), made.metainfo.infoBytes);
});

test('aria2 has no content of a hybrid from us: it looks for another swarm', { skip }, async (context) => {
  const made = await prepare(context, 'hybrid');
  const port = await freePort();
  const infoHashV1 = toHex(made.metainfo.infoHashV1 ?? new Uint8Array(0));
  const args = [`--dir=${made.out}`, `--listen-port=${port}`, '--bt-stop-timeout=8'];
  const { listening, ended } = runAria2(context, [...args, `magnet:?xt=urn:btih:${infoHashV1}`]);
  await listening;
  const swarm = await seedTo(context, made.torrent, made.path, port);
  const { status, words } = await ended;
  assert.match(words, /Download complete: \[MEMORY\]\[METADATA\]/);
  assert.equal(status, STOPPED, words);
  assert.equal(swarm.progress.uploadedBytes, 0);
});

/** A value as aria2 reads it, without the entries of dictionaries that have an empty key. */
function withoutEmptyKeys(node: BencodeNode): Encodable {
  if (node.kind === 'list') return Array.from(node.items(), withoutEmptyKeys);
  if (node.kind !== 'dictionary') return node;
  const named = [...node.entries()].filter(([key]) => key.length > 0);
  return new Map(named.map(([key, value]) => [key, withoutEmptyKeys(value)]));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
