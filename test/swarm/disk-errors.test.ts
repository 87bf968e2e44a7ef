// What the disk refuses while a torrent is downloaded: clear errors, and nothing verified is lost. The file systems are
// those of a namespace of bubblewrap's, so that it works for root and for others alike.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brandBytes, toHex } from '../../src/bytes/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import type { Metainfo } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { fingerprint, type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import type { ChildLine, ChildOrder } from './told-download.ts';

const child = fileURLToPath(new URL('./download-child.ts', import.meta.url));
const fullDisk = fileURLToPath(new URL('./full-disk-child.ts', import.meta.url));
const SIZE = 4_000_000;
const skip = needs('bubblewrap');

interface Play {
  readonly folder: string;
  readonly made: MadeTorrent;
  readonly out: string;
  readonly order: ChildOrder;
}

async function play(context: TestContext): Promise<Play> {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(SIZE, 51) }, 'v2');
  const torrent = join(folder, 'content.torrent');
  await writeFile(torrent, made.torrent);
  const seeder = new Engine({ uploadBytesPerSecond: 8_000_000 });
  context.after(() => seeder.close());
  const { port } = await seeder.listen();
  await seeder.seed(made.metainfo, made.path, { isVerified: true });
  const out = join(folder, 'out');
  await mkdir(out);
  return { folder, made, out, order: { torrent, folder: out, port } };
}

/** The lines that a program prints. */
async function run(context: TestContext, command: string, ...args: readonly string[]): Promise<ChildLine[]> {
  const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => started.kill('SIGKILL'));
  const ended = once(started, 'close');
  const lines = (await text(started.stdout)).trim().split('\n');
  await ended;
  return lines.map((line) => JSON.parse(line) as ChildLine);
}

test('a disk that fills up: how much is missing is told, what was verified is kept, and with room it goes on', {
  skip,
}, async (context) => {
  const { out, order } = await play(context);
  const sandbox = ['--dev-bind', '/', '/', '--size', `${SIZE + 2_000_000}`, '--tmpfs', out];
  const lines = await run(context, 'bwrap', ...sandbox, process.execPath, fullDisk, JSON.stringify(order));
  const [full, before, done] = lines.filter(({ event }) => event !== 'begun');
  assert.ok(full?.event === 'failed', JSON.stringify(lines));
  assert.equal(full.code, 'disk');
  assert.match(
    full.message,
    /the disk is full: \d+ bytes are to be written and \d+ are free, make room for \d+ more/,
  );
  assert.ok(full.message.includes(out), 'it names the path');
  assert.ok(full.kept > 0);
  // Nobody made room: it is told before anything begins.
  assert.ok(before?.event === 'failed');
  assert.match(before.message, /the disk is full: \d+ bytes are to be written/);
  assert.ok(done?.event === 'done');
  assert.ok(done.resumedBytes >= full.kept, `${done.resumedBytes} of ${full.kept}`);
});

/** Downloads a third or more, and gives up. */
async function beginIt({ made, out, order }: Play, file: string): Promise<void> {
  const engine = new Engine();
  const enough = new AbortController();
  const reached = setInterval(() => {
    const { blocks } = statSync(file, { throwIfNoEntry: false }) ?? { blocks: 0 };
    if (blocks * 512 > SIZE / 3) enough.abort();
  }, 10);
  const peers = [{ host: '127.0.0.1', port: order.port }];
  await assert.rejects(engine.download(made.metainfo, { folder: out, peers, signal: enough.signal }));
  clearInterval(reached);
  await engine.close();
}

const LOSSES: readonly (readonly [string, RegExp, number, (out: string) => readonly string[]])[] = [
  // Without its capabilities root may no more than the modes say.
  ['permission', /permission is missing: change who may write there/, 0o400, () => ['--cap-drop', 'ALL']],
  [
    'a writable file system',
    /the file system is read-only: choose another folder/,
    0o600,
    (out) => ['--ro-bind', out, out],
  ],
];

for (const [what, words, mode, loss] of LOSSES) {
  test(`${what} that was lost is told, and what was verified is kept`, { skip }, async (context) => {
    const played = await play(context);
    const { made, out, order } = played;
    const file = join(out, `.bitquorum-${toHex(made.metainfo.infoHashV2)}`, 'content');
    await beginIt(played, file);
    await chmod(file, mode);
    const sandbox = ['--dev-bind', '/', '/', ...loss(out), process.execPath, child, JSON.stringify(order)];
    const [, failed] = await run(context, 'bwrap', ...sandbox);
    assert.ok(failed?.event === 'failed', JSON.stringify(failed));
    assert.equal(failed.code, 'disk');
    assert.match(failed.message, words);
    assert.ok(failed.message.includes(out));
    await chmod(file, 0o644);
    const [, done] = await run(context, process.execPath, child, JSON.stringify(order));
    assert.ok(done?.event === 'done');
    assert.ok(done.resumedBytes > 0);
    assert.deepEqual(await fingerprint(done.path), await fingerprint(made.path));
  });
}

test('files that may not grow so long are told', { skip: process.platform === 'win32' }, async (context) => {
  const { out, order } = await play(context);
  const limited = ['-c', 'ulimit -f 2000; exec "$@"', 'sh', process.execPath, child, JSON.stringify(order)];
  const [, failed] = await run(context, '/bin/sh', ...limited);
  assert.ok(failed?.event === 'failed', JSON.stringify(failed));
  assert.equal(failed.code, 'disk');
  assert.match(failed.message, /cannot be created: it is longer than .* \(ulimit -f\), allows \(EFBIG\)/);
  assert.deepEqual(await readdir(out), [], 'nothing verified, nothing kept');
});

test('a download that cannot fit is told before it begins', async (context) => {
  const { made, out } = await play(context);
  const { bavail, bsize } = await statfs(out);
  const piecesRoot = brandBytes('PiecesRoot', new Uint8Array(32));
  const huge = bavail * bsize * 4;
  const engine = new Engine();
  context.after(() => engine.close());
  const files = [{ path: ['content'], sizeBytes: huge, executable: false, piecesRoot }];
  const metainfo: Metainfo = { ...made.metainfo, files, sizeBytes: huge, pieceLength: 128 * 1024 * 1024 };
  await assert.rejects(engine.download(metainfo, { folder: out }), {
    code: 'disk',
    message: /the disk is full: \d+ bytes are to be written and \d+ are free/,
  });
  assert.deepEqual(await readdir(out), []);
  await rm(out, { recursive: true });
});
