// A download that ended early, and the next one of the same torrent: what is kept, and what of it counts.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import {
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { type DownloadOptions, type DownloadResult, Engine } from '../../src/swarm/index.ts';
import { type Magnet, type Metainfo, parseTorrent } from '../../src/torrent/index.ts';
import {
  awkwardTree,
  fingerprint,
  type MadeTorrent,
  makeTorrent,
  patternBytes,
  type Tree,
  temporaryFolder,
} from './content.ts';

const signal = () => AbortSignal.timeout(20_000);
/** So slow that a download is met half done, on a busy machine as well; the next one goes as fast as it can. */
const RATE = 2_000_000;
const BIG: Tree = { '': patternBytes(3_000_000, 31) };

interface Play {
  readonly folder: string;
  readonly made: MadeTorrent;
  readonly out: string;
  /** The hidden folder that the download grows in. */
  readonly hidden: string;
  /** Downloads from the seeder. */
  readonly download: (
    source: Metainfo | Magnet,
    options?: Partial<DownloadOptions>,
  ) => Promise<DownloadResult>;
  /** Downloads until so many bytes of the file `name` are here, and gives up; how many of all were kept. */
  readonly stopAt: (bytes: number, source: Metainfo | Magnet, name?: string) => Promise<number>;
}

async function play(context: TestContext, tree: Tree, profile: 'hybrid' | 'v2' = 'hybrid'): Promise<Play> {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', tree, profile);
  const out = join(folder, 'out');
  const seeder = new Engine({ uploadBytesPerSecond: RATE });
  const leecher = new Engine();
  context.after(() => Promise.all([seeder.close(), leecher.close()]));
  const address = await seeder.listen();
  await seeder.seed(made.metainfo, made.path, { isVerified: true });
  const download: Play['download'] = (source, options = {}) =>
    leecher.download(source, { folder: out, peers: [address], signal: signal(), ...options });
  return {
    folder,
    made,
    out,
    hidden: join(out, `.bitquorum-${toHex(made.metainfo.infoHashV2)}`),
    download,
    stopAt: async (bytes, source, name = '') => {
      const enough = new AbortController();
      let keptBytes = 0;
      const growing = join(out, `.bitquorum-${toHex(made.metainfo.infoHashV2)}`, 'content', name);
      const reached = setInterval(() => {
        const { blocks } = statSync(growing, { throwIfNoEntry: false }) ?? { blocks: 0 };
        if (blocks * 512 >= bytes) enough.abort(new Error('enough'));
      }, 20);
      await assert
        .rejects(
          download(source, {
            signal: enough.signal,
            onKept: ({ bytes: kept }) => {
              keptBytes = kept;
            },
          }),
          { message: 'enough' },
        )
        .finally(() => clearInterval(reached));
      seeder.setLimits({ uploadBytesPerSecond: 0 });
      return keptBytes;
    },
  };
}

function magnetOf({ infoHashV2 }: Metainfo): Magnet {
  return { infoHashV2, trackers: [], webSeeds: [], peers: [] };
}

for (const profile of ['hybrid', 'v2'] as const) {
  for (const kind of ['torrent', 'magnet'] as const) {
    test(`a download that ended early goes on where it was: ${profile}, from a ${kind}`, async (context) => {
      const { made, out, download, stopAt } = await play(context, BIG, profile);
      const source = kind === 'torrent' ? made.metainfo : magnetOf(made.metainfo);
      const kept = await stopAt(1_000_000, source);
      assert.ok(kept >= 700_000 && kept < 3_000_000, `${kept} bytes were kept`);
      const phases = new Set<string>();
      const { resumedBytes, progress, path, isAlreadyThere, metainfo } = await download(source, {
        onProgress: ({ phase }) => phases.add(phase),
      });
      assert.equal(resumedBytes, kept);
      assert.equal(isAlreadyThere, false);
      assert.ok(progress.downloadedBytes <= 3_000_000 - kept + 200_000, 'what was here is not fetched again');
      assert.deepEqual(metainfo.pieceLayers, made.metainfo.pieceLayers);
      assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
      assert.deepEqual(await readdir(out), ['content']);
    });
  }
}

test('when all is here, neither the metadata nor the rest needs a peer', async (context) => {
  const { made, hidden, out, download, stopAt } = await play(context, BIG, 'v2');
  const magnet = magnetOf(made.metainfo);
  await stopAt(1_000_000, magnet);
  await writeFile(join(hidden, 'content'), BIG[''] as Buffer, { flag: 'r+' });
  const { resumedBytes, progress, metainfo } = await download(magnet, { peers: [] });
  assert.equal(resumedBytes, 3_000_000);
  assert.equal(progress.downloadedBytes, 0);
  assert.deepEqual(metainfo.infoBytes, made.metainfo.infoBytes);
  assert.deepEqual(await readdir(out), ['content']);
});

/** What may happen to a hidden folder between two downloads; each returns what must be as it was. */
const DAMAGES: readonly (readonly [string, (hidden: string, folder: string) => Promise<void>])[] = [
  [
    'wrong bytes in the middle of a piece',
    async (hidden) => {
      const file = await open(join(hidden, 'content'), 'r+');
      for (let at = 5000; at < 3_000_000; at += 200_000) await file.write('damage', at);
      await file.close();
    },
  ],
  ['a file that was cut off', (hidden) => truncate(join(hidden, 'content'), 300_001)],
  [
    'a file that is too long',
    (hidden) => writeFile(join(hidden, 'content'), 'x'.repeat(70_000), { flag: 'a' }),
  ],
  [
    'a folder in the place of the file',
    async (hidden) => {
      await rm(join(hidden, 'content'));
      await mkdir(join(hidden, 'content', 'deep'), { recursive: true });
    },
  ],
  [
    'a link to a file elsewhere',
    async (hidden, folder) => {
      await rm(join(hidden, 'content'));
      await symlink(join(folder, 'victim'), join(hidden, 'content'));
    },
  ],
  [
    'a second name of a file elsewhere',
    async (hidden, folder) => {
      await rm(join(hidden, 'content'));
      await link(join(folder, 'victim'), join(hidden, 'content'));
    },
  ],
  ['metadata that is garbage', (hidden) => writeFile(join(hidden, 'info'), 'd4:spam4:eggse')],
  ['metadata without end', (hidden) => truncate(join(hidden, 'info'), 11_000_000)],
  ['piece layers that are garbage', (hidden) => writeFile(join(hidden, 'layers'), Buffer.alloc(999, 7))],
  [
    'metadata and layers that are links',
    async (hidden, folder) => {
      for (const name of ['info', 'layers']) {
        await rm(join(hidden, name));
        await symlink(join(folder, 'victim'), join(hidden, name));
      }
    },
  ],
];

for (const [name, damage] of DAMAGES) {
  test(`nothing unverified is trusted: ${name}`, async (context) => {
    const { folder, made, out, hidden, download, stopAt } = await play(context, BIG);
    const magnet = magnetOf(made.metainfo);
    const kept = await stopAt(1_000_000, magnet);
    const victim = patternBytes(3_000_000, 32);
    await writeFile(join(folder, 'victim'), victim);
    await damage(hidden, folder);
    const { path, resumedBytes } = await download(magnet);
    assert.ok(resumedBytes <= kept);
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
    assert.deepEqual(await readFile(join(folder, 'victim')), victim);
    assert.deepEqual(await readdir(out), ['content']);
  });
}

test('a tree goes on too; what is not the torrent’s does not come into place with it', async (context) => {
  const { folder, made, hidden, download, stopAt } = await play(context, awkwardTree());
  assert.ok((await stopAt(500_000, made.metainfo, 'b/many')) > 0);
  await mkdir(join(folder, 'elsewhere'));
  await writeFile(join(folder, 'elsewhere', 'twin-2'), 'precious');
  await writeFile(join(hidden, 'content', 'a', 'intruder'), 'x');
  await rm(join(hidden, 'content', 'c', 'd'), { recursive: true });
  await symlink(join(folder, 'elsewhere'), join(hidden, 'content', 'c', 'd'));
  const { path, resumedBytes } = await download(made.metainfo);
  assert.ok(resumedBytes > 0);
  assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  assert.equal(await readFile(join(folder, 'elsewhere', 'twin-2'), 'utf8'), 'precious');
});

test('two downloads of one torrent into one folder: the second is refused, the first completes', async (context) => {
  const { folder, made, out, hidden, download } = await play(context, BIG);
  const first = download(made.metainfo);
  const other = new Engine();
  context.after(() => other.close());
  while (!(await lstat(join(hidden, 'content')).catch(() => undefined))) await new Promise(setImmediate);
  await assert.rejects(other.download(made.metainfo, { folder: out, signal: signal() }), {
    code: 'in-use',
    message: /is in use: another download of this torrent goes on there/,
  });
  assert.deepEqual(await fingerprint((await first).path), await fingerprint(made.path));
  assert.deepEqual((await readdir(folder)).toSorted(), ['content', 'out']);
});

test('a closed engine gives its folder back at once, with what was verified', async (context) => {
  const { made, out, hidden, download } = await play(context, BIG);
  const leecher = new Engine();
  let kept = 0;
  const seeder = new Engine({ uploadBytesPerSecond: RATE });
  context.after(() => Promise.all([seeder.close(), leecher.close()]));
  const address = await seeder.listen();
  await seeder.seed(made.metainfo, made.path, { isVerified: true });
  const running = leecher.download(made.metainfo, {
    folder: out,
    peers: [address],
    onKept: ({ bytes, path }) => {
      kept = bytes;
      assert.equal(path, hidden);
    },
  });
  running.catch(() => undefined);
  while ((await stat(join(hidden, 'content')).catch(() => ({ blocks: 0 }))).blocks < 1000) {
    await new Promise(setImmediate);
  }
  await leecher.close();
  assert.ok(kept > 0);
  await assert.rejects(running, { code: 'closed' });
  const { resumedBytes } = await download(made.metainfo);
  assert.equal(resumedBytes, kept);
});

test('a hidden folder that others may use, or that is a link, is refused', async (context) => {
  const { folder, made, out, hidden, download } = await play(context, BIG);
  await mkdir(out);
  await mkdir(hidden, { mode: 0o755 });
  await assert.rejects(download(made.metainfo), { code: 'disk', message: /only this user may use/ });
  await rm(hidden, { recursive: true });
  await mkdir(join(folder, 'elsewhere'), { mode: 0o700 });
  await symlink(join(folder, 'elsewhere'), hidden);
  await assert.rejects(download(made.metainfo), { code: 'disk', message: /only this user may use/ });
  assert.deepEqual(await readdir(join(folder, 'elsewhere')), []);
});

test('a fresh download deletes what an earlier one left', async (context) => {
  const { made, download, stopAt } = await play(context, BIG);
  assert.ok((await stopAt(1_000_000, made.metainfo)) > 0);
  const { resumedBytes, progress } = await download(made.metainfo, { fresh: true });
  assert.equal(resumedBytes, 0);
  assert.ok(progress.downloadedBytes >= 3_000_000);
});

for (const [kind, tree] of [
  ['file', BIG],
  ['tree', awkwardTree()],
] as const) {
  test(`a ${kind} that stands in its place already is verified, and nothing is fetched`, async (context) => {
    const { made, out, download } = await play(context, tree);
    await download(made.metainfo);
    const before = await lstat(join(out, 'content'), { bigint: true });
    for (const source of [made.metainfo, magnetOf(made.metainfo)]) {
      const { isAlreadyThere, resumedBytes, progress, metainfo } = await download(source);
      assert.ok(isAlreadyThere);
      assert.equal(resumedBytes, made.metainfo.sizeBytes);
      assert.equal(progress.downloadedBytes, 0);
      assert.deepEqual(metainfo.pieceLayers, made.metainfo.pieceLayers);
    }
    const after = await lstat(join(out, 'content'), { bigint: true });
    assert.equal(after.ino, before.ino);
    assert.equal(after.mtimeNs, before.mtimeNs);
    assert.deepEqual(await readdir(out), ['content']);
  });
}

test('another thing at the place is refused untouched, and what was downloaded meanwhile is kept', async (context) => {
  const { made, out, download, stopAt } = await play(context, BIG);
  await stopAt(1_000_000, made.metainfo);
  await writeFile(join(out, 'content'), 'mine');
  await assert.rejects(download(made.metainfo), { code: 'target-exists' });
  assert.equal(await readFile(join(out, 'content'), 'utf8'), 'mine');
  await rename(join(out, 'content'), join(out, 'moved away'));
  const { resumedBytes } = await download(made.metainfo);
  assert.ok(resumedBytes > 0);
});

test('what comes to the place while it downloads is not replaced; the next download needs nothing more', async (context) => {
  const { made, out, hidden, download } = await play(context, BIG);
  const running = download(made.metainfo);
  while (!(await lstat(join(hidden, 'content')).catch(() => undefined))) await new Promise(setImmediate);
  await writeFile(join(out, 'content'), 'mine');
  await assert.rejects(running, { code: 'target-exists' });
  assert.equal(await readFile(join(out, 'content'), 'utf8'), 'mine');
  await rm(join(out, 'content'));
  const { resumedBytes, progress } = await download(made.metainfo, { peers: [] });
  assert.equal(resumedBytes, 3_000_000);
  assert.equal(progress.downloadedBytes, 0);
});

test('a crash between the steps into place is made good by the next download', async (context) => {
  const { made, out, hidden, download } = await play(context, BIG);
  const { path } = await download(made.metainfo);
  // As if it had ended after the file got its second name, before it lost the first.
  await mkdir(hidden, { mode: 0o700 });
  await link(path, join(hidden, 'content'));
  const { isAlreadyThere } = await download(made.metainfo, { peers: [] });
  assert.ok(isAlreadyThere);
  assert.deepEqual(await readdir(out), ['content']);
});

for (const [name, change] of [
  ['cut off', (path: string) => truncate(path, 100_000)],
  [
    'replaced',
    async (path: string) => {
      await writeFile(`${path}.new`, patternBytes(3_000_000, 99));
      await rename(`${path}.new`, path);
    },
  ],
] as const) {
  test(`a file that is ${name} while it is downloaded does not come into place; the next download repairs it`, async (context) => {
    const { made, out, hidden, download } = await play(context, BIG);
    const file = join(hidden, 'content');
    const running = download(made.metainfo);
    running.catch(() => undefined);
    while ((await stat(file).catch(() => ({ blocks: 0 }))).blocks < 1000) await new Promise(setImmediate);
    await change(file);
    await assert.rejects(running, { code: 'disk', message: /was changed by somebody else/ });
    assert.ok(!(await readdir(out)).includes('content'));
    const { path } = await download(made.metainfo);
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  });
}

test('a magnet link’s torrent that was kept is the one of the link', async (context) => {
  const { made, hidden, stopAt } = await play(context, BIG);
  await stopAt(1_000_000, magnetOf(made.metainfo));
  assert.deepEqual(await readFile(join(hidden, 'info')), Buffer.from(parseTorrent(made.torrent).infoBytes));
  assert.equal((await stat(hidden)).mode & 0o777, 0o700);
});
