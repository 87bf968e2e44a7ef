// Probes of other clients: one verified block at a small cost, and an identity that they do not have.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { generateKey } from '../../src/statement/index.ts';
import { probeSeeder, proveIdentity } from '../../src/swarm/index.ts';
import { needs } from '../support/needs.ts';
import { type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { startLibtorrent } from './libtorrent-peer.ts';
import { startQbittorrent } from './qbittorrent-peer.ts';

const LIMIT_MS = 20_000;

interface Prepared extends MadeTorrent {
  readonly folder: string;
}

/** Pieces of four blocks each. */
async function prepare(context: TestContext): Promise<Prepared> {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(11_000_000, 31) }, 'hybrid');
  assert.equal(made.metainfo.pieceLength, 65_536);
  return { ...made, folder };
}

const SEEDERS: readonly (readonly [
  name: string,
  part: 'libtorrent' | 'qbittorrent',
  client: RegExp,
  seed: (context: TestContext, made: Prepared) => Promise<number>,
])[] = [
  [
    'libtorrent',
    'libtorrent',
    /^libtorrent\/2\./,
    async (context, { folder, torrent }) => {
      const file = join(folder, 'content.torrent');
      await writeFile(file, torrent);
      const seeder = await startLibtorrent(context, { listen: '127.0.0.1:0', folder, torrent: file });
      await seeder.complete;
      return seeder.port;
    },
  ],
  [
    'qBittorrent',
    'qbittorrent',
    /^qBittorrent\/4\./,
    async (context, { folder, torrent, metainfo }) => {
      const seeder = await startQbittorrent(context, join(folder, 'profile'));
      await seeder.complete({ what: torrent, infoHashV2: metainfo.infoHashV2, saveFolder: folder });
      return seeder.port;
    },
  ],
];

for (const [name, part, client, seed] of SEEDERS) {
  test(`${name} is probed for about 17 KB, and proves no builder’s key`, {
    skip: needs(part),
  }, async (context) => {
    const made = await prepare(context);
    const port = await seed(context, made);
    const { infoHashV2: infoHash } = made.metainfo;
    const options = { host: '127.0.0.1', port, infoHash, signal: AbortSignal.timeout(LIMIT_MS) };
    const probed = await probeSeeder({ ...options, metainfo: made.metainfo });
    assert.match(probed.client ?? '', client);
    assert.equal(probed.proof, 'block');
    assert.ok(probed.receivedBytes < 20_000, `${probed.receivedBytes} bytes`);
    context.diagnostic(
      `${probed.receivedBytes} and ${probed.sentBytes} bytes, ${probed.milliseconds.toFixed(0)} ms`,
    );
    const fetched = await probeSeeder(options);
    assert.deepEqual(fetched.metainfo.infoBytes, made.metainfo.infoBytes);
    const asked = proveIdentity({ ...options, signer: generateKey('verifier') });
    await assert.rejects(asked, { code: 'identity-refused', message: /does not know the extension/ });
  });
}
