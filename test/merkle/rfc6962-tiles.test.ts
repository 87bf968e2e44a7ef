import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  formatTilePath,
  LogTreeError,
  parseTilePath,
  tileNodeReader,
  tileWidthAt,
} from '../../src/merkle/index.ts';
import { hasher } from './rfc6962-naive.ts';

suite('tiles of C2SP tlog-tiles', () => {
  test('a tree of 70,000 entries has the tiles that the specification counts', () => {
    assert.equal(tileWidthAt(0, 272, 70_000), 256);
    assert.equal(tileWidthAt(0, 273, 70_000), 112);
    assert.equal(tileWidthAt(0, 274, 70_000), 0);
    assert.equal(tileWidthAt(1, 0, 70_000), 256);
    assert.equal(tileWidthAt(1, 1, 70_000), 17);
    assert.equal(tileWidthAt(2, 0, 70_000), 1);
    assert.equal(tileWidthAt(3, 0, 70_000), 0);
    assert.equal(tileWidthAt('entries', 273, 70_000), 112);
  });

  test('a tree of 256 entries has a full tile and one of width 1 above it', () => {
    assert.equal(tileWidthAt(0, 0, 256), 256);
    assert.equal(tileWidthAt(1, 0, 256), 1);
    assert.equal(tileWidthAt(1, 0, 255), 0);
    assert.equal(tileWidthAt(63, 0, Number.MAX_SAFE_INTEGER), 0);
  });

  test('a tile that is too short is refused before it is used', async () => {
    const readNodes = tileNodeReader(300, async () => new Uint8Array(32), hasher);
    await assert.rejects(
      readNodes([{ level: 0, index: 299 }]),
      (error: unknown) => error instanceof LogTreeError && error.code === 'bad-tile',
    );
  });
});

suite('paths of tiles', () => {
  test('are those of the specification', () => {
    const paths = {
      'tile/0/x001/x234/067': { level: 0, index: 1234067, width: 256 },
      'tile/entries/000': { level: 'entries', index: 0, width: 256 },
      'tile/entries/001.p/44': { level: 'entries', index: 1, width: 44 },
      'tile/63/x001/000.p/255': { level: 63, index: 1000, width: 255 },
    } as const;
    for (const [path, tile] of Object.entries(paths)) {
      assert.equal(formatTilePath(tile), path);
      assert.deepEqual(parseTilePath(path), tile);
    }
  });

  test('go there and back', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
            index: fc.maxSafeNat(),
            width: fc.integer({ min: 1, max: 256 }),
          },
          { noNullPrototype: true },
        ),
        (tile) => assert.deepEqual(parseTilePath(formatTilePath(tile)), tile),
      ),
    );
  });

  test('in any other form are refused', () => {
    const wrong = [
      '',
      'tile/0',
      'tile/00/000',
      'tile/64/000',
      'tile/-1/000',
      'tile/0/0',
      'tile/0/1234067',
      'tile/0/x000/000',
      'tile/0/001/002',
      'tile/0/x001',
      'tile/0/000.p/0',
      'tile/0/000.p/01',
      'tile/0/000.p/256',
      'tile/0/000.p/',
      'tile/0/000/',
      'tile/0/000\n',
      '/tile/0/000',
      'tile/data/000',
      'tile/0/x999/x999/x999/x999/x999/999',
      'tile/0/../../etc/passwd',
      `tile/0/${'x001/'.repeat(100)}001`,
    ];
    for (const path of wrong) {
      assert.throws(
        () => parseTilePath(path),
        (error: unknown) => error instanceof LogTreeError && error.code === 'bad-tile',
        path,
      );
    }
  });
});
