import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { compileNative, loadNative, nativePath } from '../../src/sha256/index.ts';
import { type HashRows, isRight } from '../../src/sha256/native.ts';
import { hashByCrypto } from '../../src/sha256/rows.ts';
import { needs } from '../support/needs.ts';
import { someRows } from './some-rows.ts';

describe('the native part', { skip: needs('cc') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-native-'));
  const path = join(folder, 'sha256.node');
  let native: HashRows;
  before(() => {
    compileNative(path);
    const loaded = loadNative(path);
    assert.ok(loaded, 'this processor has no SHA extensions');
    native = loaded.hashRows;
    assert.ok([2, 16].includes(loaded.lanes));
  });
  after(() => rmSync(folder, { recursive: true }));

  test('hashes rows of any length, at any place, as node:crypto does', () => {
    fc.assert(
      fc.property(someRows, ({ data, rowBytes, before: room }) => {
        const bytes = room + Math.ceil(data.length / rowBytes) * 32;
        const [expected, out] = [new Uint8Array(bytes), new Uint8Array(bytes)];
        hashByCrypto(data, rowBytes, expected, room, undefined);
        native(data, rowBytes, out, room);
        assert.deepEqual(out, expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('joins a layer in its own place, as it is joined elsewhere', () => {
    for (const pairs of [1, 2, 3, 8, 16, 17, 63, 256]) {
      const layer = Uint8Array.from({ length: pairs * 64 }, (_, index) => index % 251);
      const expected = new Uint8Array(pairs * 32);
      hashByCrypto(layer, 64, expected, 0, undefined);
      native(layer, 64, layer, 0);
      assert.deepEqual(layer.subarray(0, pairs * 32), expected);
    }
  });

  test('hashes memory that threads share, in several of them', async () => {
    const data = new Uint8Array(new SharedArrayBuffer(40_000)).fill(7);
    const program = `
      const { parentPort, workerData: { path, data } } = require('node:worker_threads');
      const out = new Uint8Array(96);
      require(path).hashRows(data, 16384, out, 0);
      parentPort.postMessage(out);`;
    const answers = await Promise.all(
      [0, 1].map(async () => {
        const worker = new Worker(program, { eval: true, workerData: { path, data } });
        const [out] = (await once(worker, 'message')) as [Uint8Array];
        await worker.terminate();
        return out;
      }),
    );
    const expected = new Uint8Array(96);
    hashByCrypto(data, 16_384, expected, 0, undefined);
    for (const out of answers) assert.deepEqual(out, expected);
  });

  test('refuses what would write beyond its place, and what is no memory', () => {
    const data = new Uint8Array(100);
    for (const wrong of [
      [data, 64, new Uint8Array(63), 0],
      [data, 64, new Uint8Array(64), 1],
      [data, 64, new Uint8Array(64), 2 ** 32 - 1],
      [data, 0, new Uint8Array(64), 0],
      [data, 64, new Uint16Array(64), 0],
      ['data', 64, new Uint8Array(64), 0],
      [data, 64, new Uint8Array(64)],
    ]) {
      assert.throws(() => (native as (...args: unknown[]) => void)(...wrong), TypeError);
    }
  });

  test('without a compiler, the error says what to install', () => {
    const before = process.env['CC'];
    process.env['CC'] = join(folder, 'no-compiler');
    try {
      assert.throws(() => compileNative(path), /no-compiler cannot be run .*install a C compiler/);
    } finally {
      if (before === undefined) delete process.env['CC'];
      else process.env['CC'] = before;
    }
  });
});

test('a native part that hashes wrongly is not used, nor a file that is none', () => {
  assert.equal(
    isRight((_data, _rowBytes, out) => out.fill(1)),
    false,
  );
  assert.equal(
    isRight((data, rowBytes, out, at) => hashByCrypto(data, rowBytes, out, at, undefined)),
    true,
  );
  const folder = mkdtempSync(join(tmpdir(), 'bitquorum-native-'));
  try {
    const path = join(folder, 'sha256.node');
    assert.equal(loadNative(path), undefined);
    writeFileSync(path, 'no library');
    assert.equal(loadNative(path), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('another source has another place, so that what was compiled from an old one is not loaded', () => {
  assert.match(nativePath(), /sha256-[a-z0-9]+-[a-z0-9]+-[0-9a-f]{16}\.node$/);
});
