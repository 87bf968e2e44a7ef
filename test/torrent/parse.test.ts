import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { decode, encode } from '../../src/bencode/index.ts';
import { toHex } from '../../src/bytes/index.ts';
import {
  parseInfo,
  parseTorrent,
  savePath,
  TORRENT_LIMITS,
  withPieceLayers,
} from '../../src/torrent/index.ts';
import { formatTorrent } from '../../src/torrent/info.ts';
import { hybridDraft, LAYER, leaf, PIECE, ROOT, SIZE, torrentOf, treeDraft, v2Draft } from './samples.ts';

test('a v2 torrent is read as it stands', () => {
  const torrent = torrentOf(v2Draft());
  const metainfo = parseTorrent(torrent);
  const raw = decode(torrent).get('info')?.raw ?? new Uint8Array();
  assert.deepEqual(metainfo.infoBytes, raw);
  assert.equal(toHex(metainfo.infoHashV2), hash('sha256', raw));
  assert.equal(metainfo.infoHashV1, undefined);
  assert.equal(metainfo.profile, 'v2');
  assert.equal(metainfo.name, 'sample');
  assert.equal(metainfo.isTree, false);
  assert.equal(metainfo.pieceLength, PIECE);
  assert.equal(metainfo.sizeBytes, SIZE);
  assert.deepEqual(
    metainfo.files.map(({ path, sizeBytes, executable }) => ({ path, sizeBytes, executable })),
    [{ path: ['sample'], sizeBytes: SIZE, executable: false }],
  );
  assert.equal(toHex(metainfo.files[0]?.piecesRoot ?? new Uint8Array()), toHex(ROOT));
  assert.deepEqual([...metainfo.pieceLayers.keys()], [toHex(ROOT)]);
  assert.deepEqual(metainfo.trackers, ['http://127.0.0.1:1/announce']);
});

test('a hybrid has both infohashes over the same bytes', () => {
  const metainfo = parseTorrent(torrentOf(hybridDraft()));
  assert.equal(metainfo.profile, 'hybrid');
  assert.equal(toHex(metainfo.infoHashV1 ?? new Uint8Array()), hash('sha1', metainfo.infoBytes));
  assert.equal(metainfo.v1Pieces?.hashes.length, 20 * (SIZE / PIECE));
});

test('a tree of a hybrid leaves its padding out', () => {
  const metainfo = parseTorrent(torrentOf(treeDraft()));
  assert.deepEqual(
    metainfo.files.map((file) => savePath(metainfo, file).join('/')),
    ['folder/a', 'folder/b'],
  );
  assert.equal(metainfo.isTree, true);
  assert.equal(metainfo.sizeBytes, SIZE + 5);
});

test('the padding at the end may be there or, as in older libtorrents, not', () => {
  const draft = treeDraft();
  const files = [
    { length: SIZE, path: ['a'] },
    { length: 5, path: ['b'] },
  ];
  const tree = { a: leaf(), b: { '': { length: 5, 'pieces root': hash('sha256', 'b', 'buffer') } } };
  Object.assign(draft.info, { 'file tree': tree, files });
  assert.equal(parseTorrent(torrentOf(draft)).v1Pieces?.tailPadded, false);
  const pad = { attr: 'p', length: PIECE - 5, path: ['.pad', '1'] };
  Object.assign(draft.info, { files: [...files, pad] });
  assert.equal(parseTorrent(torrentOf(draft)).v1Pieces?.tailPadded, true);
});

test('one file in a folder is a tree; a lone file of the name of the torrent is none', () => {
  const draft = v2Draft();
  assert.equal(parseTorrent(torrentOf(draft)).isTree, false);
  Object.assign(draft.info, { name: 'folder' });
  const metainfo = parseTorrent(torrentOf(draft));
  assert.equal(metainfo.isTree, true);
  assert.deepEqual(
    metainfo.files.map((file) => savePath(metainfo, file)),
    [['folder', 'sample']],
  );
});

test('an info dictionary alone has no layers until they are added and checked', () => {
  const metainfo = parseInfo(encode(v2Draft().info));
  assert.equal(metainfo.pieceLayers.size, 0);
  assert.equal(withPieceLayers(metainfo, new Map([[toHex(ROOT), LAYER]])).pieceLayers.size, 1);
  assert.throws(() => withPieceLayers(metainfo, new Map()), { code: 'missing-piece-layer' });
  const wrong = Uint8Array.from(LAYER, (byte, index) => (index === 511 ? byte ^ 1 : byte));
  assert.throws(() => withPieceLayers(metainfo, new Map([[toHex(ROOT), wrong]])), {
    code: 'invalid-piece-layer',
  });
  assert.throws(() => parseInfo(Buffer.concat([encode(v2Draft().info), Buffer.from('\n')])), {
    code: 'invalid-bencoding',
  });
});

test('piece layers may be missing where the caller says so; those that are there are checked all the same', () => {
  const draft = v2Draft();
  const without = encode({ info: draft.info });
  assert.throws(() => parseTorrent(without), { code: 'missing-piece-layer' });
  const read = (bytes: Uint8Array) => parseTorrent(bytes, TORRENT_LIMITS, { mayLackLayers: true });
  assert.equal(read(without).pieceLayers.size, 0);
  assert.equal(read(torrentOf(draft)).pieceLayers.size, 1);
  const wrong = Uint8Array.from(LAYER, (byte, index) => (index === 511 ? byte ^ 1 : byte));
  const lying = encode({ info: draft.info, 'piece layers': new Map([[ROOT, wrong]]) });
  assert.throws(() => read(lying), { code: 'invalid-piece-layer' });
  // Two files longer than a piece, and the layer of one: some are as good as none.
  const other = { '': { length: SIZE, 'pieces root': hash('sha256', 'other', 'buffer') } };
  const info = { ...v2Draft().info, 'file tree': { a: other, b: leaf() }, name: 'folder' };
  const partial = encode({ info, 'piece layers': draft.layers });
  assert.throws(() => parseTorrent(partial), { code: 'missing-piece-layer' });
  assert.equal(read(partial).pieceLayers.size, 0);
});

test('trackers and web seeds that nobody could ask are left out', () => {
  const draft = v2Draft();
  Object.assign(draft.rest, {
    announce: 'http://a.example/announce',
    'announce-list': [
      ['udp://b.example:6969', 'http://a.example/announce', 'javascript:alert(1)'],
      ['not a url', 7, [['wss://c.example/']]],
    ],
    'url-list': 'https://d.example/files/',
  });
  const metainfo = parseTorrent(torrentOf(draft));
  assert.deepEqual(metainfo.trackers, [
    'udp://b.example:6969',
    'http://a.example/announce',
    'wss://c.example/',
  ]);
  assert.deepEqual(metainfo.trackerTiers, [
    ['udp://b.example:6969', 'http://a.example/announce'],
    ['wss://c.example/'],
  ]);
  assert.deepEqual(parseTorrent(formatTorrent(metainfo)).trackerTiers, metainfo.trackerTiers);
  assert.deepEqual(metainfo.webSeeds, ['https://d.example/files/']);
  Object.assign(draft.rest, {
    'announce-list': Array.from({ length: 1000 }, (_, index) => `http://${index}.example/`),
    'url-list': { not: 'a list' },
  });
  assert.equal(parseTorrent(torrentOf(draft)).trackers.length, TORRENT_LIMITS.urls);
});
