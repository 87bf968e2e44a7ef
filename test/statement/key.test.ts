import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { fromHex } from '../../src/bytes/index.ts';
import { parseVkey } from '../../src/note/index.ts';
import {
  announceDigestOf,
  commitmentOf,
  generateKey,
  PrivateKey,
  parsePrivateKey,
  readKeyFile,
  sha256,
  writeKeyFile,
} from '../../src/statement/index.ts';

// Go's golang.org/x/mod/sumdb/note publishes this pair in its tests.
const GO_PRIVATE = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const GO_PUBLIC = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';

test("Go's private key gives Go's verifier key, and is written as Go writes it", () => {
  const key = parsePrivateKey(`${GO_PRIVATE}\n`);
  assert.equal(key.vkey, GO_PUBLIC);
  assert.equal(key.name, 'PeterNeumann');
  assert.deepEqual(fromHex(key.key), parseVkey(GO_PUBLIC).publicKey);
  assert.equal(key.secretText(), `${GO_PRIVATE}\n`);
});

test("every mangling of Go's private key is refused, and no message repeats the secret", () => {
  const secret = GO_PRIVATE.slice(-44);
  const refused = (text: string) => {
    assert.throws(
      () => parsePrivateKey(text),
      (error: Error & { code?: string }) => {
        assert.match(error.code ?? '', /^bad-/);
        for (let at = 0; at + 12 <= secret.length; at += 1) {
          assert.ok(!inspect(error).includes(secret.slice(at, at + 12)), `${error.message} for ${text}`);
        }
        return true;
      },
    );
  };
  for (let from = 0; from < GO_PRIVATE.length; from += 1) refused(GO_PRIVATE.slice(from + 1));
  for (let to = 0; to < GO_PRIVATE.length; to += 1) refused(GO_PRIVATE.slice(0, to));
  for (let at = 0; at < GO_PRIVATE.length; at += 1) {
    const next = String.fromCharCode(GO_PRIVATE.charCodeAt(at) + 1);
    refused(GO_PRIVATE.slice(0, at) + next + GO_PRIVATE.slice(at + 1));
  }
});

test('a key never shows its seed', () => {
  const key = generateKey('quiet');
  const seed = key.secretText().trim().slice(-44);
  assert.ok(!inspect(key, { showHidden: true, depth: 9 }).includes(seed));
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(key))).sort(), ['key', 'name', 'vkey']);
});

test('two new keys differ, and names that no vkey can carry are refused', () => {
  assert.notEqual(generateKey('a').key, generateKey('a').key);
  for (const name of ['', 'a b', 'a+b', 'a\n', '\u00a0', 'x'.repeat(256)]) {
    assert.throws(() => generateKey(name), { code: 'bad-key-name' });
  }
  assert.throws(() => new PrivateKey('short', new Uint8Array(31)), { code: 'bad-key' });
});

test('key files: only for the owner, never overwritten, refused when others can read them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-key-'));
  try {
    const path = join(folder, 'builder.key');
    const key = generateKey('builder.example/one');
    await writeKeyFile(path, key);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await readKeyFile(path)).key, key.key);
    await assert.rejects(writeKeyFile(path, generateKey('other')), { code: 'key-file-exists' });
    assert.equal(await readFile(path, 'utf8'), key.secretText());
    for (const mode of [0o640, 0o604, 0o660, 0o610]) {
      await chmod(path, mode);
      await assert.rejects(readKeyFile(path), { code: 'key-file-open-to-others', message: /chmod 600/ });
    }
    await assert.rejects(readKeyFile(join(folder, 'none')), { code: 'ENOENT' });
    await writeFile(join(folder, 'big'), 'x'.repeat(2000), { mode: 0o600 });
    await assert.rejects(readKeyFile(join(folder, 'big')), { code: 'bad-key' });
    await writeFile(join(folder, 'text'), 'hello\n', { mode: 0o600 });
    await assert.rejects(readKeyFile(join(folder, 'text')), { code: 'bad-key', message: /text/ });
    assert.deepEqual((await readdir(folder)).sort(), ['big', 'builder.key', 'text']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('announce token and commitment follow their written formulas', () => {
  const seed = Buffer.alloc(32, 7);
  const key = new PrivateKey('b', seed);
  const hash = (...parts: (string | Uint8Array)[]) => {
    const hasher = createHash('sha256');
    for (const part of parts) hasher.update(part);
    return hasher.digest();
  };
  const token = key.announceToken('tally.example/log');
  assert.equal(token, hash('bitquorum/announce/v1\0', seed, hash('tally.example/log')).toString('base64url'));
  assert.equal(token.length, 43);
  assert.notEqual(token, key.announceToken('other.example/log'));
  assert.equal(announceDigestOf(token), hash(token).toString('hex'));
  const [release, salt, infoHashV2] = ['01', '02', '03'].map((byte) => byte.repeat(32)) as [
    string,
    string,
    string,
  ];
  assert.equal(
    commitmentOf({ origin: 'tally.example/log', release, key: key.key, salt, infoHashV2 }, sha256),
    hash(
      'bitquorum/commit/v1\0',
      hash('tally.example/log'),
      fromHex(release),
      fromHex(key.key),
      fromHex(salt),
      fromHex(infoHashV2),
    ).toString('hex'),
  );
});
