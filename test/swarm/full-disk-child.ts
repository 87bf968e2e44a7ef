// Downloads onto a small disk that another file fills up meanwhile, again without room, and again with room. Prints
// the lines of `download-child.ts`.
import { appendFileSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Engine, SwarmError } from '../../src/swarm/index.ts';
import { parseTorrent } from '../../src/torrent/index.ts';
import type { ChildLine, ChildOrder } from './download-child.ts';

const BEGUN_BYTES = 300_000;
const ROOM_BYTES = 400_000;

const say = (line: ChildLine): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const { torrent, folder, port } = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const metainfo = parseTorrent(readFileSync(torrent));
const filler = join(folder, 'filler');

await download(true);
await download(false);
rmSync(filler);
await download(false);

async function download(isFilledUp: boolean): Promise<void> {
  const engine = new Engine();
  let kept = 0;
  const filling: NodeJS.Timeout | undefined = isFilledUp ? setInterval(() => fillUp(filling), 5) : undefined;
  try {
    const { progress, resumedBytes, path } = await engine.download(metainfo, {
      folder,
      peers: [{ host: '127.0.0.1', port }],
      onKept: ({ bytes }) => {
        kept = bytes;
      },
    });
    say({ event: 'done', resumedBytes, downloadedBytes: progress.downloadedBytes, path });
  } catch (error) {
    if (!(error instanceof SwarmError)) throw error;
    say({ event: 'failed', code: error.code, message: error.message, kept });
  } finally {
    clearInterval(filling);
    await engine.close();
  }
}

/** Once the download has begun, leaves little room. */
function fillUp(timer: NodeJS.Timeout | undefined): void {
  const { blocks, bsize } = statfsSync(folder);
  if (blocks * bsize - freeBytes() < BEGUN_BYTES) return;
  clearInterval(timer);
  try {
    while (freeBytes() > ROOM_BYTES) appendFileSync(filler, Buffer.alloc(ROOM_BYTES / 4));
  } catch {
    // The download was faster: the disk is full already.
  }
}

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
