import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import createV1Torrent from 'create-torrent';
import parseV1Torrent from 'parse-torrent';
import { toHex } from '../../src/bytes/index.ts';
import {
  assertCanonical,
  createTorrent,
  parseTorrent,
  type TorrentErrorCode,
} from '../../src/torrent/index.ts';
import { layerOf, v1HashesOf } from './reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitquorum-torrent-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Of coreutils: Node itself makes no named pipes. */
const MKFIFO = 'mkfifo';

let made = 0;

/** A new folder with files, by path and content. */
function tree(files: Readonly<Record<string, string | Buffer>>): string {
  made += 1;
  const root = join(folder, `tree-${made}`);
  mkdirSync(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

test('what is created is what parsing it gives', async () => {
  const root = tree({ 'a/b': randomBytes(100_000), 'a/c': '', 'd.sh': randomBytes(16_384), z: 'z' });
  for (const path of [root, join(root, 'd.sh')]) {
    for (const profile of ['hybrid', 'v2'] as const) {
      const { torrent, metainfo } = await createTorrent(path, {
        profile,
        trackers: ['http://127.0.0.1:1/announce', 'udp://127.0.0.1:2', 'http://127.0.0.1:1/announce'],
        webSeeds: ['http://127.0.0.1:3/'],
      });
      const parsed = parseTorrent(torrent);
      assert.deepEqual(readable(parsed), readable(metainfo));
      assertCanonical(metainfo);
      assert.equal(metainfo.profile, profile);
      assert.equal(metainfo.trackers.length, 2);
    }
  }
});

/** Metainfo with its bytes as hex, so that views and copies compare. */
function readable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) => {
      if (part instanceof Uint8Array) return toHex(part);
      return part instanceof Map ? [...part.entries()].map(([key, each]) => [key, readable(each)]) : part;
    }),
  );
}

test('the same bytes give the same torrent whatever the times, the threads and the place', async () => {
  const files = { 'bin/tool': randomBytes(70_000), 'doc/read me': 'hello' };
  const [first, second] = [tree(files), tree(files)];
  const torrents = await Promise.all([
    createTorrent(first, { name: 'tool-1.0' }),
    createTorrent(second, { name: 'tool-1.0', threads: 3 }),
  ]);
  assert.deepEqual(torrents[0]?.torrent, torrents[1]?.torrent);
});

test('layers and v1 hashes are those of the definition', async () => {
  const content = randomBytes(200_000);
  const root = tree({ a: content, b: 'b' });
  const { metainfo } = await createTorrent(root);
  const [file] = metainfo.files;
  const layer = metainfo.pieceLayers.get(toHex(file?.piecesRoot ?? new Uint8Array()));
  assert.equal(toHex(layer ?? new Uint8Array()), layerOf(content, metainfo.pieceLength).toString('hex'));
  const expected = [content, Buffer.from('b')].map((each) => v1HashesOf(each, metainfo.pieceLength, true));
  assert.equal(toHex(metainfo.v1Pieces?.hashes ?? new Uint8Array()), Buffer.concat(expected).toString('hex'));
});

test('parse-torrent reads the v1 half of a hybrid, padding included', async () => {
  const root = tree({ 'a/b': randomBytes(20_000), c: '', d: randomBytes(16_384), e: 'e' });
  const { torrent, metainfo } = await createTorrent(root);
  const v1 = await parseV1Torrent(torrent);
  assert.equal(v1.infoHash, toHex(metainfo.infoHashV1 ?? new Uint8Array()));
  assert.deepEqual(
    v1.files.filter((file) => !file.path.includes('/.pad/')).map((file) => [file.path, file.length]),
    metainfo.files.map((file) => [[metainfo.name, ...file.path].join('/'), file.sizeBytes]),
  );
  assert.equal(v1.length % metainfo.pieceLength, 0);
  assert.equal(v1.pieces.join(''), toHex(metainfo.v1Pieces?.hashes ?? new Uint8Array()));
});

test('create-torrent hashes the same v1 pieces', async () => {
  const content = randomBytes(300_000);
  const root = tree({ 'file.bin': content });
  const { metainfo } = await createTorrent(join(root, 'file.bin'));
  const torrent = await new Promise<Uint8Array>((resolve, reject) => {
    const input = Object.assign(Buffer.from(content), { name: 'file.bin' });
    const options = { name: 'file.bin', pieceLength: metainfo.pieceLength };
    createV1Torrent(input, options, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
  const v1 = await parseV1Torrent(torrent);
  assert.equal(v1.pieces.join(''), toHex(metainfo.v1Pieces?.hashes ?? new Uint8Array()));
});

async function refusal(path: string, code: TorrentErrorCode, named: string): Promise<void> {
  await assert.rejects(createTorrent(path), (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(named), error.message);
    return true;
  });
}

test('links, pipes, sockets and devices are refused by their path', async () => {
  const linked = tree({ real: 'x' });
  symlinkSync('real', join(linked, 'link'));
  await refusal(linked, 'symlink', join(linked, 'link'));
  await refusal(join(linked, 'link'), 'symlink', join(linked, 'link'));
  const dangling = tree({ real: 'x' });
  symlinkSync('/nonexistent', join(dangling, 'link'));
  await refusal(dangling, 'symlink', join(dangling, 'link'));
  const toFolder = tree({ 'real/x': 'x' });
  symlinkSync('real', join(toFolder, 'link'));
  await refusal(toFolder, 'symlink', join(toFolder, 'link'));
  const hard = tree({ real: 'x' });
  linkSync(join(hard, 'real'), join(hard, 'same'));
  await refusal(hard, 'special-file', join(hard, 'same'));
  await refusal('/dev/null', 'special-file', '/dev/null');
  const piped = tree({ real: 'x' });
  execFileSync(MKFIFO, [join(piped, 'pipe')]);
  await refusal(piped, 'special-file', join(piped, 'pipe'));
  const served = tree({ real: 'x' });
  const server = createServer().listen(join(served, 's'));
  await new Promise((resolve) => server.once('listening', resolve));
  await refusal(served, 'special-file', join(served, 's'));
  await new Promise((resolve) => server.close(resolve));
});

test('hostile names are refused by the folder that they are in', async () => {
  for (const name of [
    'CON',
    'nul.txt',
    'a\\b',
    'a\nb',
    'a\u001b[1m',
    'evil\u202Etxt.exe',
    'dot.',
    'space ',
  ]) {
    const root = tree({ 'fine/x': 'x', [`sub/${name}`]: 'y' });
    await refusal(root, 'unsafe-path', join(root, 'sub'));
  }
  const root = tree({ x: 'x' });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'y');
  await refusal(root, 'unsafe-path', 'fffe');
  const inside = tree({});
  mkdirSync(Buffer.concat([Buffer.from(`${inside}/`), Buffer.from([0xc3, 0x28])]));
  await refusal(inside, 'unsafe-path', inside);
  await assert.rejects(createTorrent(tree({ x: 'x' }), { name: '../x' }), { code: 'unsafe-path' });
});

test('what holds nothing, goes too deep or is not there is refused', async () => {
  await refusal(tree({}), 'no-files', 'tree-');
  await refusal(tree({ a: '', 'b/c': '' }), 'invalid-length', 'tree-');
  await refusal(join(folder, 'absent'), 'no-such-path', 'absent');
  await refusal('/', 'unsafe-path', '/');
  await refusal(tree({ [`${'d/'.repeat(97)}f`]: 'x' }), 'directory-too-deep', 'd/d');
  const deepest = await createTorrent(tree({ [`${'d/'.repeat(95)}f`]: 'x' }));
  assert.equal(parseTorrent(deepest.torrent).files[0]?.path.length, 96);
});

test('addresses that nobody could ask are refused', async () => {
  const root = tree({ x: 'x' });
  for (const options of [
    { trackers: ['not a url'] },
    { trackers: ['ftp://x.example/'] },
    { webSeeds: ['udp://x.example:1'] },
  ]) {
    await assert.rejects(createTorrent(root, options), { code: 'bad-option' });
  }
});

test('a single file takes another name, its content stays', async () => {
  const root = tree({ x: 'content' });
  const { torrent } = await createTorrent(join(root, 'x'), { name: 'other.txt' });
  const metainfo = parseTorrent(torrent);
  assert.deepEqual(
    [metainfo.name, metainfo.isTree, metainfo.files[0]?.path],
    ['other.txt', false, ['other.txt']],
  );
  assert.equal(readFileSync(join(root, 'x'), 'utf8'), 'content');
});
