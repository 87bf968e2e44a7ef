import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BuilderError } from '../../src/builder/index.ts';
import { readArchive } from '../../src/builder/unpack.ts';
import { type CraftedEntry, craftArchive } from './archive.ts';

test('files come without the top folder, with the owner’s executable bit', async () => {
  const files = await readArchive(
    'a',
    craftArchive([
      { path: 'package/', type: 'Directory' },
      { path: 'package/bin/run.js', content: 'run', mode: 0o755 },
      { path: 'package/empty' },
    ]),
  );
  assert.deepEqual(
    files.map(({ path, executable, bytes }) => [path, executable, Buffer.from(bytes).toString()]),
    [
      ['bin/run.js', true, 'run'],
      ['empty', false, ''],
    ],
  );
});

const plain = { path: 'package/a', content: 'a' };
const HOSTILE: readonly [name: string, entry: CraftedEntry, words: RegExp][] = [
  ['a parent path', { path: 'package/../../x', content: 'x' }, /has the element "\.\."/],
  ['a parent as top folder', { path: '../x', content: 'x' }, /outside its folder/],
  ['an absolute path', { path: '/etc/x', content: 'x' }, /which|outside/],
  ['an absolute path behind the top folder', { path: 'package//etc/x', content: 'x' }, /absolute|element/],
  ['a symlink', { path: 'package/l', type: 'SymbolicLink', linkpath: '/etc/passwd' }, /SymbolicLink/],
  ['a symlinked folder', { path: 'package/src', type: 'SymbolicLink', linkpath: '../../..' }, /SymbolicLink/],
  ['a hard link', { path: 'package/h', type: 'Link', linkpath: 'package/a' }, /a Link/],
  ['a device', { path: 'package/d', type: 'CharacterDevice' }, /CharacterDevice/],
  ['a pipe', { path: 'package/p', type: 'FIFO' }, /FIFO/],
  ['a file outside the top folder', { path: 'x', content: 'x' }, /outside the top folder/],
  ['a name with a backslash', { path: String.raw`package/..\x`, content: 'x' }, /character/],
  ['a name with an escape sequence', { path: 'package/\u001B[2Jx', content: 'x' }, /character/],
  ['the same file twice', { path: 'package/A', content: 'b' }, /twice/],
];

for (const [name, entry, words] of HOSTILE) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(
      readArchive('a', craftArchive([plain, entry])),
      (error) =>
        error instanceof BuilderError && error.code === 'unsafe-archive' && words.test(error.message),
    );
  });
}

test('refused: a decompression bomb, before it is in memory', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const before = process.memoryUsage().rss;
  await assert.rejects(readArchive('bomb', bomb, { unpackedBytes: 1024 * 1024, archiveEntries: 10 }), {
    code: 'unsafe-archive',
    message: /more than 1048576 bytes/,
  });
  assert.ok(process.memoryUsage().rss - before < 48 * 1024 * 1024);
});

test('refused: more entries than allowed, no gzip, an empty archive, a torn one', async () => {
  const many = Array.from({ length: 11 }, (_, index) => ({ path: `package/${index}`, content: 'x' }));
  const limits = { unpackedBytes: 1024 * 1024, archiveEntries: 10 };
  for (const [archive, words] of [
    [craftArchive(many), /more than 10 entries/],
    [Buffer.from('no gzip'), /is not gzip/],
    [gzipSync(Buffer.alloc(1024)), /holds no file|well-formed/],
    [gzipSync(Buffer.from('text that is no tar archive at all'.repeat(60))), /well-formed/],
    [craftArchive([plain]).subarray(0, 60), /is not gzip/],
  ] as const) {
    await assert.rejects(readArchive('a', archive, limits), { code: 'unsafe-archive', message: words });
  }
});

test('any bytes in the place of a tar archive are read or refused, never a crash', async () => {
  const tar = craftArchive([plain, { path: 'package/b/c', content: 'c'.repeat(600) }]);
  const { gunzipSync } = await import('node:zlib');
  const raw = gunzipSync(tar);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(raw.length - 1),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      async (at, bytes) => {
        const changed = Buffer.from(raw);
        changed.set(bytes.subarray(0, raw.length - at), at);
        try {
          for (const { path } of await readArchive('a', gzipSync(changed))) {
            assert.doesNotMatch(path, /^\/|(^|\/)\.\.?(\/|$)/);
          }
        } catch (error) {
          assert.ok(error instanceof BuilderError, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});
