import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { Engine } from '../../src/swarm/index.ts';
import { type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from './content.ts';

const TORRENTS = 500;
const OPEN_FILES = 16;
/** Files that are in use at the same moment may go beyond the bound: one for each download under way. */
const AT_ONCE = 10;

/** How many files below a folder this process holds open. */
function openFilesBelow(folder: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${folder}/`);
    } catch {
      return false; // closed since it was listed
    }
  }).length;
}

test('one engine seeds 500 torrents with few files open', {
  skip: process.platform === 'linux' ? false : 'counts open files in /proc',
}, async (context) => {
  const folder = await temporaryFolder(context);
  const seeder = new Engine({ maxOpenFiles: OPEN_FILES });
  const leecher = new Engine();
  context.after(async () => {
    await Promise.all([seeder.close(), leecher.close()]);
  });
  const address = await seeder.listen();
  const source = join(folder, 'source');
  const torrents: MadeTorrent[] = [];
  for (let index = 0; index < TORRENTS; index += 1) {
    const made = await makeTorrent(source, `content-${index}`, { '': patternBytes(20_000, index) }, 'v2');
    await seeder.seed(made.metainfo, made.path, { isVerified: true });
    torrents.push(made);
  }
  let mostOpen = 0;
  const target = join(folder, 'target');
  // Every fifth is fetched: many more files than may be open are read.
  const wanted = torrents.filter((_, index) => index % 5 === 0);
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    await Promise.all(
      wanted.slice(start, start + AT_ONCE).map(async ({ metainfo, path }) => {
        const signal = AbortSignal.timeout(30_000);
        const result = await leecher.download(metainfo, { folder: target, peers: [address], signal });
        assert.deepEqual(readFileSync(result.path), readFileSync(path));
      }),
    );
    mostOpen = Math.max(mostOpen, openFilesBelow(source));
  }
  assert.ok(mostOpen > 0, 'the seeder keeps files open for the next request');
  assert.ok(mostOpen <= OPEN_FILES + AT_ONCE, `${mostOpen} files were open at once`);
});
