// Downloads onto a small disk that another file fills up meanwhile, again without room, and again with room. Prints
// the lines of `told-download.ts`.
import { appendFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { readOrder, toldDownload } from './told-download.ts';

const BEGUN_BYTES = 300_000;
const ROOM_BYTES = 400_000;

const order = readOrder();
const { folder } = order;
const filler = join(folder, 'filler');

const filling: NodeJS.Timeout = setInterval(() => fillUp(filling), 5);
await toldDownload(order);
clearInterval(filling);
await toldDownload(order);
rmSync(filler);
await toldDownload(order);

/** Once the download has begun, leaves little room. */
function fillUp(timer: NodeJS.Timeout): void {
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
