import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine, type SwarmError } from '../../src/swarm/index.ts';
import { createTorrent, type Metainfo, parseTorrent } from '../../src/torrent/index.ts';
import { awkwardTree, makeTorrent, patternBytes, temporaryFolder } from './content.ts';

const signal = () => AbortSignal.timeout(15_000);

test('a hybrid whose SHA-1 half describes other data ends the download with a clear error', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(200_000, 6) }, 'hybrid');
  const { metainfo } = made;
  const hashes = (metainfo.v1Pieces?.hashes ?? new Uint8Array(0)).slice();
  hashes[45] = (hashes[45] as number) ^ 1;
  const lying: Metainfo = { ...metainfo, v1Pieces: { hashes, tailPadded: false } };
  const seeder = new Engine();
  const leecher = new Engine();
  context.after(() => Promise.all([seeder.close(), leecher.close()]));
  const address = await seeder.listen();
  await seeder.seed(made.torrent, made.path);
  const out = join(folder, 'out');
  await assert.rejects(leecher.download(lying, { folder: out, peers: [address], signal: signal() }), {
    code: 'inconsistent-hybrid',
    message: /the v1 and v2 hashes of piece 2 describe different data/,
  });
  assert.deepEqual(await readdir(out), []);
});

test('content that is not the torrent’s is not seeded; links in it are not followed', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), 'v2');
  const engine = new Engine();
  context.after(() => engine.close());
  await rm(join(made.path, 'a/block'));
  await writeFile(join(folder, 'elsewhere'), patternBytes(16_384, 1));
  await symlink(join(folder, 'elsewhere'), join(made.path, 'a/block'));
  await assert.rejects(engine.seed(made.torrent, made.path), {
    code: 'mismatch',
    message: /"a\/block" is not-a-file/,
  });
  await rm(join(made.path, 'a/block'));
  await writeFile(join(made.path, 'a/block'), patternBytes(16_384, 2));
  await assert.rejects(engine.seed(made.torrent, made.path), {
    code: 'mismatch',
    message: /"a\/block" is wrong-content/,
  });
});

test('a file that becomes shorter while it is seeded is a trouble that names it', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(3_000_000, 1) }, 'v2');
  const troubles: SwarmError[] = [];
  const seeder = new Engine();
  const leecher = new Engine();
  context.after(() => Promise.all([seeder.close(), leecher.close()]));
  const address = await seeder.listen();
  const told = new AbortController();
  await seeder.seed(made.torrent, made.path, {
    onTrouble: (error) => {
      troubles.push(error);
      told.abort();
    },
  });
  await truncate(made.path, 1_000_000);
  const out = join(folder, 'out');
  await assert.rejects(
    leecher.download(made.metainfo, {
      folder: out,
      peers: [address],
      signal: AbortSignal.any([told.signal, signal()]),
    }),
    { name: 'AbortError' },
  );
  assert.equal(troubles[0]?.code, 'disk');
  assert.match(troubles[0]?.message ?? '', /content has changed since it was verified/);
});

const CHANGES: readonly (readonly [string, boolean, (path: string) => Promise<void>])[] = [
  ['touched', true, (path) => utimes(path, new Date(0), new Date(0))],
  [
    'replaced by one of the same bytes',
    true,
    async (path) => {
      await writeFile(`${path}.new`, patternBytes(3_000_000, 1));
      await rename(`${path}.new`, path);
    },
  ],
  ['overwritten with other bytes', false, (path) => writeFile(path, 'other', { flag: 'r+' })],
  [
    'replaced by one of other bytes',
    false,
    async (path) => {
      await writeFile(`${path}.new`, patternBytes(3_000_000, 2));
      await rename(`${path}.new`, path);
    },
  ],
];

/** How long it is watched after a trouble was told that it is not told again. */
const ONCE_MS = 500;

for (const [name, isServed, change] of CHANGES) {
  test(`a seeded file that was ${name} is hashed again, and ${isServed ? 'served' : 'nothing of it is served'}`, async (context) => {
    const folder = await temporaryFolder(context);
    const made = await makeTorrent(folder, 'content', { '': patternBytes(3_000_000, 1) }, 'v2');
    const troubles: SwarmError[] = [];
    const seeder = new Engine({ maxOpenFiles: 1 });
    const leecher = new Engine();
    context.after(() => Promise.all([seeder.close(), leecher.close()]));
    const address = await seeder.listen();
    const told = new AbortController();
    const swarm = await seeder.seed(made.torrent, made.path, {
      onTrouble: (error) => {
        troubles.push(error);
        setTimeout(() => told.abort(), ONCE_MS);
      },
    });
    // So that the seeder holds the file open, and then lets it go.
    await leecher.download(made.metainfo, {
      folder: join(folder, 'first'),
      peers: [address],
      signal: signal(),
    });
    const sent = swarm.progress.uploadedBytes;
    await change(made.path);
    const other = await makeTorrent(folder, 'other', { '': patternBytes(20_000, 3) }, 'v2');
    await seeder.seed(other.torrent, other.path);
    await leecher.download(other.metainfo, {
      folder: join(folder, 'first'),
      peers: [address],
      signal: signal(),
    });
    const second = leecher.download(made.metainfo, {
      folder: join(folder, 'second'),
      peers: [address],
      signal: isServed ? signal() : AbortSignal.any([told.signal, signal()]),
    });
    if (isServed) {
      assert.equal((await second).progress.wastedBytes, 0);
      assert.deepEqual(troubles, []);
    } else {
      await assert.rejects(second, { name: 'AbortError' });
      assert.equal(swarm.progress.uploadedBytes, sent, 'not a byte was sent');
      assert.equal(troubles.length, 1, 'it is told once');
      assert.match(troubles[0]?.message ?? '', /content has changed since it was verified/);
    }
  });
}

test('a folder that cannot be written to is an error of the disk', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(100, 1) }, 'v2');
  const leecher = new Engine();
  context.after(() => leecher.close());
  await writeFile(join(folder, 'file'), 'no folder');
  await assert.rejects(leecher.download(made.metainfo, { folder: join(folder, 'file', 'below') }), {
    code: 'disk',
  });
  // Long enough for the file system to refuse it only once the hidden folder is there.
  const made2 = {
    ...made.metainfo,
    files: [{ path: ['x'.repeat(300)], sizeBytes: 1, executable: false }],
    isTree: true,
  };
  const out = join(folder, 'out');
  await assert.rejects(leecher.download(made2, { folder: out }), { code: 'disk' });
  assert.deepEqual(await readdir(out), []);
});

test('a link that stands where the download would go is neither followed nor replaced', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(100, 1) }, 'v2');
  const leecher = new Engine();
  context.after(() => leecher.close());
  const out = join(folder, 'out');
  await mkdir(out);
  await symlink(join(folder, 'victim'), join(out, 'content'));
  await assert.rejects(leecher.download(made.metainfo, { folder: out }), { code: 'target-exists' });
  assert.ok((await lstat(join(out, 'content'))).isSymbolicLink());
});

test('names are checked where a torrent is read: none of them leaves the folder', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'x'), 'x');
  const { torrent } = await createTorrent(join(folder, 'x'), { profile: 'v2' });
  const bad = Buffer.from(torrent.slice());
  const at = bad.indexOf('4:name1:x');
  assert.ok(at > 0);
  const evil = Buffer.concat([bad.subarray(0, at), Buffer.from('4:name4:../x'), bad.subarray(at + 9)]);
  assert.throws(() => parseTorrent(evil), { code: 'unsafe-path' });
});
