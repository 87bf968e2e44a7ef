import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { downloadWinner } from '../../src/client/download.ts';
import { Engine } from '../../src/swarm/index.ts';
import { makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { startTracker } from '../swarm/tracker-server.ts';

const CONTENT = patternBytes(300_000, 12);

test('a getting client can be reached on its loopback address while it downloads', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent, metainfo } = await makeTorrent(folder, 'content', { '': CONTENT }, 'hybrid');
  const tracker = await startTracker(context);
  const getting = downloadWinner({
    infoHashV2: toHex(metainfo.infoHashV2),
    folder: join(folder, 'out'),
    partialFolder: join(folder, 'out'),
    trackers: [tracker.url],
    peers: [],
    localAddress: '127.0.11.1',
    signal: AbortSignal.timeout(20_000),
    onProgress: () => undefined,
  });
  const { host, port } = await tracker.when(({ event }) => event === 'started');
  assert.equal(host, '127.0.11.1');
  const seeder = new Engine(); // it does not listen: only the other side can be dialled
  context.after(() => seeder.close());
  await seeder.seed(torrent, path, { peers: [{ host, port }] });
  assert.deepEqual(await readFile((await getting).path), CONTENT);
});
