// Our engine and WebTorrent in Node, over TCP, on a hybrid: it speaks v1 only, so this is the v1 identity of our swarm.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Engine } from '../../src/swarm/index.ts';
import { awkwardTree, fingerprint, makeTorrent, temporaryFolder } from '../swarm/content.ts';

async function prepare(context: TestContext) {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', awkwardTree(), 'hybrid');
  const torrentPath = join(folder, 'content.torrent');
  await writeFile(torrentPath, made.torrent);
  const engine = new Engine();
  context.after(() => engine.close());
  const address = await engine.listen();
  return { ...made, folder, torrentPath, engine, address, out: join(folder, 'out') };
}

/** Starts WebTorrent in a process of its own; resolves with its port when it has everything. */
async function webtorrentDone(context: TestContext, order: object): Promise<number> {
  const script = fileURLToPath(new URL('./webtorrent.process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const notes: string[] = [];
  const signal = AbortSignal.timeout(30_000);
  for await (const line of createInterface({ input: child.stdout, signal })) {
    const event = JSON.parse(line) as { done?: boolean; port?: number; note?: string };
    if (event.note !== undefined) notes.push(event.note);
    if (event.done) return event.port ?? 0;
  }
  throw new Error(`webtorrent ended: ${notes.join('; ')}`);
}

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** WebTorrent writes pad files, leaves empty files out and keeps no mode bits; the rest must be the same. */
function plain(found: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found)
      .filter(([name, digest]) => !name.startsWith('/.pad/') && digest !== EMPTY)
      .map(([name, digest]) => [name, digest.slice(0, 64)]),
  );
}

/** Its default is to encrypt what it dials, and to take either in. */
const MANNERS = [
  ['in the clear', { secure: false }],
  ['at its defaults', {}],
] as const;

for (const [manner, secure] of MANNERS) {
  test(`the engine seeds a hybrid to WebTorrent ${manner}`, async (context) => {
    const made = await prepare(context);
    await made.engine.seed(made.torrent, made.path);
    await webtorrentDone(context, {
      torrent: made.torrentPath,
      folder: made.out,
      peer: `127.0.0.1:${made.address.port}`,
      ...secure,
    });
    const found = plain(await fingerprint(join(made.out, 'content')));
    assert.deepEqual(found, plain(await fingerprint(made.path)));
  });

  test(`the engine seeds a hybrid to WebTorrent ${manner}, from its v1 magnet link`, async (context) => {
    const made = await prepare(context);
    await made.engine.seed(made.torrent, made.path);
    const infoHashV1 = Buffer.from(made.metainfo.infoHashV1 ?? []).toString('hex');
    await webtorrentDone(context, {
      magnet: `magnet:?xt=urn:btih:${infoHashV1}&x.pe=127.0.0.1:${made.address.port}`,
      folder: made.out,
      ...secure,
    });
    const found = plain(await fingerprint(join(made.out, 'content')));
    assert.deepEqual(found, plain(await fingerprint(made.path)));
  });

  test(`WebTorrent ${manner} seeds a hybrid to the engine`, async (context) => {
    const made = await prepare(context);
    // It takes the pad files for files, so it gets them on disk.
    const folder = join(made.folder, 'served');
    await cp(made.path, join(folder, 'content'), { recursive: true });
    await mkdir(join(folder, 'content', '.pad'), { recursive: true });
    for (const { sizeBytes } of made.metainfo.files) {
      const padding =
        (made.metainfo.pieceLength - (sizeBytes % made.metainfo.pieceLength)) % made.metainfo.pieceLength;
      if (sizeBytes > 0 && padding > 0)
        await writeFile(join(folder, 'content', '.pad', `${padding}`), Buffer.alloc(padding));
    }
    const port = await webtorrentDone(context, { torrent: made.torrentPath, folder, ...secure });
    const { path } = await made.engine.download(made.metainfo, {
      folder: made.out,
      peers: [{ host: '127.0.0.1', port }],
      signal: AbortSignal.timeout(30_000),
    });
    assert.deepEqual(await fingerprint(path), await fingerprint(made.path));
  });
}
