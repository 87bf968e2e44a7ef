// What a torrent must not be, each refused by the name of its error. The cases marked by a file name are the
// facts of libtorrent's error torrents (test/test_torrents), made again from our own sample.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Encodable, encode } from '../../src/bencode/index.ts';
import { parseTorrent, TORRENT_LIMITS, type TorrentErrorCode } from '../../src/torrent/index.ts';
import {
  type Draft,
  hybridDraft,
  LAYER,
  leaf,
  PIECE,
  ROOT,
  SIZE,
  type TorrentDraft,
  torrentOf,
  treeDraft,
  v2Draft,
} from './samples.ts';

type Case = readonly [name: string, code: TorrentErrorCode, torrent: Uint8Array];

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function changed(draft: TorrentDraft, info: Draft, layers?: [Uint8Array, Encodable][]): Uint8Array {
  return torrentOf({
    ...draft,
    info: { ...draft.info, ...info },
    layers: layers ? new Map(layers) : draft.layers,
  });
}

/** The sample with a file of other properties. */
function withFile(properties: Draft): Uint8Array {
  return changed(v2Draft(), { 'file tree': { sample: leaf(properties) } });
}

/** The torrent's bytes with a part replaced, for what the encoder would not write. */
function rewritten(torrent: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(torrent).toString('latin1');
  assert.ok(text.includes(from), from);
  return bytesOf(text.replace(from, to));
}

function nested(levels: number): Encodable {
  let tree: Encodable = leaf();
  for (let level = 0; level < levels; level += 1) tree = { d: tree };
  return tree;
}

const LARGE = 2 ** 44 - 2 * 16_384;

const CASES: readonly Case[] = [
  [
    'v2_mismatching_metadata',
    'inconsistent-files',
    changed(hybridDraft(), { 'file tree': { other: leaf() } }),
  ],
  ['v2_no_power2_piece', 'missing-piece-length', changed(v2Draft(), { 'piece length': 32_767 })],
  ['v2_piece_size', 'missing-piece-length', changed(v2Draft(), { 'piece length': 2 ** 31 - 1 })],
  [
    'v2_invalid_file',
    'file-parse-failed',
    changed(v2Draft(), { 'file tree': { sample: { length: SIZE, 'pieces root': ROOT } } }),
  ],
  ['v2_deep_recursion', 'depth-exceeded', changed(v2Draft(), { 'file tree': nested(120) })],
  [
    'v2_non_multiple_piece_layer',
    'invalid-piece-layer',
    changed(v2Draft(), {}, [[ROOT, Buffer.concat([LAYER, Buffer.from('x')])]]),
  ],
  [
    'v2_piece_layer_invalid_file_hash',
    'invalid-piece-layer',
    changed(v2Draft(), {}, [[Buffer.concat([Buffer.from('a'), ROOT]), LAYER]]),
  ],
  ['v2_invalid_piece_layer', 'invalid-piece-layer', changed(v2Draft(), {}, [[ROOT, 512]])],
  [
    'v2_invalid_piece_layer_root',
    'invalid-piece-layer',
    changed(v2Draft(), {}, [[ROOT, Uint8Array.from(LAYER, (byte, at) => (at === 0 ? byte ^ 1 : byte))]]),
  ],
  [
    'v2_unknown_piece_layer_entry',
    'invalid-piece-layer',
    changed(v2Draft(), {}, [
      [ROOT, LAYER],
      [Uint8Array.from(ROOT, (byte, at) => (at === 9 ? byte ^ 1 : byte)), LAYER],
    ]),
  ],
  [
    'v2_invalid_piece_layer_size',
    'invalid-piece-layer',
    changed(v2Draft(), {}, [[ROOT, Buffer.concat([LAYER, LAYER])]]),
  ],
  [
    'v2_bad_file_alignment',
    'inconsistent-files',
    changed(treeDraft(), {
      files: [
        { length: 5, path: ['a'] },
        { attr: 'p', length: PIECE + 6, path: ['.pad', '1'] },
        { length: SIZE, path: ['b'] },
      ],
    }),
  ],
  [
    'v2_unordered_files',
    'invalid-bencoding',
    rewritten(changed(v2Draft(), { 'file tree': { test1: leaf(), test2: leaf() } }), '5:test1', '5:test3'),
  ],
  ['v2_overlong_integer', 'invalid-bencoding', rewritten(torrentOf(v2Draft()), `i${SIZE}e`, `i0${SIZE}e`)],
  ['v2_missing_file_root_invalid_symlink', 'missing-pieces-root', withFile({ 'pieces root': undefined })],
  ['v2_large_file', 'invalid-length', withFile({ length: 2 ** 44 - 16_384 })],
  [
    'v2_large_offset',
    'too-many-pieces',
    changed(v2Draft(), {
      'file tree': { 1: leaf({ length: LARGE }), 2: leaf({ length: LARGE }) },
      'piece length': 4_194_304,
    }),
  ],
  ['v2_invalid_pad_file', 'invalid-pad-file', withFile({ attr: 'p' })],
  ['v2_zero_root', 'missing-pieces-root', withFile({ 'pieces root': new Uint8Array(32) })],
  [
    'v2_zero_root_small',
    'missing-pieces-root',
    changed(
      v2Draft(),
      { 'file tree': { sample: leaf({ length: 32_768, 'pieces root': new Uint8Array(32) }) } },
      [],
    ),
  ],
  [
    'v2_empty_filename',
    'file-parse-failed',
    changed(v2Draft(), { 'file tree': { '': leaf(), '#': leaf() } }),
  ],
  // What libtorrent takes and we do not.
  ['v2_symlinks', 'symlink', withFile({ attr: 'l', length: 0, 'symlink path': ['other'] })],
  ['v2_no_piece_layers', 'missing-piece-layer', encode({ info: v2Draft().info })],
  ['v2_incomplete_piece_layer', 'missing-piece-layer', changed(v2Draft(), {}, [])],
  // The outside.
  ['no bencode', 'invalid-bencoding', bytesOf('hello')],
  ['nothing', 'invalid-bencoding', bytesOf('')],
  ['a list', 'is-no-dict', bytesOf('le')],
  ['no info', 'missing-info', bytesOf('de')],
  ['info is a list', 'missing-info', bytesOf('d4:infolee')],
  ['bytes behind the end', 'invalid-bencoding', Buffer.concat([torrentOf(v2Draft()), Buffer.from('\n')])],
  ['piece layers are a list', 'invalid-piece-layer', encode({ info: v2Draft().info, 'piece layers': [] })],
  // The info dictionary.
  ['version 1', 'unknown-version', changed(v2Draft(), { 'meta version': 1 })],
  ['version 3', 'unknown-version', changed(v2Draft(), { 'meta version': 3 })],
  ['version as text', 'unknown-version', changed(v2Draft(), { 'meta version': '2' })],
  ['a v1 torrent', 'v1-only', changed(hybridDraft(), { 'file tree': undefined, 'meta version': undefined })],
  ['no file tree', 'missing-file-tree', changed(v2Draft(), { 'file tree': undefined })],
  ['no name', 'missing-name', changed(v2Draft(), { name: undefined })],
  ['an empty name', 'missing-name', changed(v2Draft(), { name: '' })],
  ['a name that is a number', 'missing-name', changed(v2Draft(), { name: 7 })],
  ['no piece length', 'missing-piece-length', changed(v2Draft(), { 'piece length': undefined })],
  ['half a block', 'missing-piece-length', changed(v2Draft(), { 'piece length': 8192 })],
  ['pieces too large', 'missing-piece-length', changed(v2Draft(), { 'piece length': 2 ** 28 })],
  ['a negative piece length', 'missing-piece-length', changed(v2Draft(), { 'piece length': -PIECE })],
  ['no files', 'no-files', changed(v2Draft(), { 'file tree': {} })],
  [
    'empty files only',
    'invalid-length',
    changed(v2Draft(), { 'file tree': { a: { '': { length: 0 } } } }, []),
  ],
  // The file tree.
  [
    'a file and a folder',
    'file-parse-failed',
    changed(v2Draft(), { 'file tree': { a: { ...leaf(), b: leaf() } } }),
  ],
  ['a file that is a list', 'file-parse-failed', changed(v2Draft(), { 'file tree': { a: { '': [] } } })],
  ['a folder that is text', 'file-parse-failed', changed(v2Draft(), { 'file tree': { a: 'b' } })],
  ['no length', 'invalid-length', withFile({ length: undefined })],
  ['a negative length', 'invalid-length', withFile({ length: -1 })],
  ['a length beyond 64 bits', 'invalid-length', withFile({ length: 2n ** 62n })],
  ['a short root', 'missing-pieces-root', withFile({ 'pieces root': ROOT.subarray(1) })],
  // The v1 half.
  ['v1 size differs', 'inconsistent-files', changed(hybridDraft(), { length: SIZE - 1 })],
  ['v1 executable differs', 'inconsistent-files', changed(hybridDraft(), { attr: 'x' })],
  [
    'v1 has files, v2 one',
    'inconsistent-files',
    changed(hybridDraft(), { files: [{ length: SIZE, path: ['x'] }] }),
  ],
  ['v1 lacks a file', 'inconsistent-files', changed(treeDraft(), { files: [{ length: 5, path: ['a'] }] })],
  [
    'v1 has one file more',
    'inconsistent-files',
    changed(hybridDraft(), {
      files: [
        { length: SIZE, path: ['sample'] },
        { length: 1, path: ['z'] },
      ],
    }),
  ],
  [
    'v1 has no padding',
    'inconsistent-files',
    changed(treeDraft(), {
      files: [
        { length: 5, path: ['a'] },
        { length: SIZE, path: ['b'] },
      ],
    }),
  ],
  [
    'v1 ends with too much padding',
    'inconsistent-files',
    changed(hybridDraft(), {
      files: [
        { length: SIZE, path: ['sample'] },
        { attr: 'p', length: PIECE, path: ['.pad', '1'] },
      ],
      length: undefined,
    }),
  ],
  ['no v1 file list', 'invalid-length', changed(hybridDraft(), { length: undefined })],
  ['v1 files that are text', 'file-parse-failed', changed(hybridDraft(), { files: ['sample'] })],
  ['a v1 file without path', 'file-parse-failed', changed(treeDraft(), { files: [{ length: 5 }] })],
  ['a v1 path of numbers', 'file-parse-failed', changed(treeDraft(), { files: [{ length: 5, path: [1] }] })],
  ['a v1 link', 'symlink', changed(treeDraft(), { files: [{ attr: 'l', length: 5, path: ['a'] }] })],
  [
    'a v1 path too deep',
    'directory-too-deep',
    changed(treeDraft(), { files: [{ length: 5, path: Array.from({ length: 101 }, () => 'd') }] }),
  ],
  ['no v1 pieces', 'missing-pieces', changed(hybridDraft(), { pieces: undefined })],
  ['v1 pieces too few', 'invalid-hashes', changed(hybridDraft(), { pieces: new Uint8Array(20) })],
];

test('every fault has its own name', () => {
  for (const draft of [v2Draft(), hybridDraft(), treeDraft()]) parseTorrent(torrentOf(draft));
  for (const [name, code, torrent] of CASES) {
    assert.throws(() => parseTorrent(torrent), { name: 'TorrentError', code }, name);
  }
});

const NAMES: readonly (string | Uint8Array)[] = [
  '.',
  '..',
  '../up',
  '/etc',
  'a/b',
  'a\\b',
  'C:\\x',
  'a\0b',
  'a\nb',
  'a\u001b[2Jb',
  'a\u0085b',
  'CON',
  'con.txt',
  'Lpt1',
  'COM¹.log',
  'nul',
  'evil\u202Etxt.exe',
  'a\u2066b',
  'a\u200Fb',
  'trailing.',
  'trailing ',
  'x'.repeat(256),
  bytesOf('\xff'),
  bytesOf('\xc0\xae'),
  bytesOf('\xed\xa0\x80'),
];

test('unsafe names are refused wherever they stand', () => {
  const keyed = (name: string | Uint8Array, value: Encodable): Encodable => new Map([[name, value]]);
  for (const name of NAMES) {
    const file = leaf();
    for (const info of [
      { name },
      { 'file tree': keyed(name, file) },
      { 'file tree': { folder: keyed(name, file) } },
      { 'file tree': keyed(name, { file }) },
    ]) {
      assert.throws(
        () => parseTorrent(changed(v2Draft(), info)),
        { name: 'TorrentError', code: 'unsafe-path' },
        JSON.stringify(info),
      );
    }
  }
});

test('names that only look odd are taken', () => {
  for (const name of [
    '.hidden',
    '...a',
    'console',
    'com',
    'com10',
    'a:b',
    'x'.repeat(255),
    '\uFFFD',
    '__proto__',
    ' a',
  ]) {
    const tree: Encodable = new Map([[name, leaf()]]);
    assert.deepEqual(parseTorrent(changed(v2Draft(), { 'file tree': tree })).files[0]?.path, [name]);
  }
});

test('every limit of the struct holds', () => {
  const torrent = torrentOf(v2Draft());
  for (const [limit, value, code] of [
    ['bytes', torrent.length - 1, 'metadata-too-large'],
    ['tokens', 5, 'metadata-too-large'],
    ['depth', 4, 'depth-exceeded'],
    ['integerDigits', 3, 'invalid-bencoding'],
    ['pieces', SIZE / PIECE - 1, 'too-many-pieces'],
    ['pieceBytes', PIECE / 2, 'missing-piece-length'],
    ['fileBlocks', SIZE / 16_384 - 1, 'invalid-length'],
    ['nameBytes', 5, 'unsafe-path'],
  ] as const) {
    assert.throws(() => parseTorrent(torrent, { ...TORRENT_LIMITS, [limit]: value }), { code }, limit);
  }
  const deep = changed(v2Draft(), { 'file tree': nested(3) });
  assert.throws(() => parseTorrent(deep, { ...TORRENT_LIMITS, directoryDepth: 2 }), {
    code: 'directory-too-deep',
  });
});
