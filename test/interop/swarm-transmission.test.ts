// What Debian's Transmission 3.00 does with hybrids and v2: it knows neither, and a swarm of ours is none the worse.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatMagnet } from '../../src/torrent/index.ts';
import { needs } from '../support/needs.ts';
import { awkwardTree, fingerprint, makeTorrent, patternBytes, temporaryFolder } from '../swarm/content.ts';
import { runInPrivateNetwork } from './private-network.ts';
import type { TransmissionOrder, TransmissionOutcome } from './transmission.process.ts';

const skip = needs('transmission', 'namespaces');

test('Transmission 3.00 refuses hybrids and v2, and harms no swarm', { skip }, async (context) => {
  const folder = await temporaryFolder(context);
  const torrents: string[] = [];
  for (const profile of ['hybrid', 'v2'] as const) {
    for (const [kind, tree] of [
      ['file', { '': patternBytes(300_001, 41) }],
      ['tree', awkwardTree()],
    ] as const) {
      const { torrent } = await makeTorrent(join(folder, `${profile}-${kind}`), 'content', tree, profile);
      const path = join(folder, `${profile}-${kind}.torrent`);
      await writeFile(path, torrent);
      torrents.push(path);
    }
  }
  const made = await makeTorrent(join(folder, 'seeded'), 'content', awkwardTree(), 'hybrid');
  const { infoHashV1, infoHashV2 } = made.metainfo;
  assert.ok(infoHashV1);
  const torrent = join(folder, 'seeded.torrent');
  await writeFile(torrent, made.torrent);
  const [engineHost, transmissionHost] = ['10.77.0.1', '10.77.0.2'];
  const order: TransmissionOrder = {
    folder,
    engineHost,
    transmissionHost,
    torrents,
    seeded: {
      torrent,
      path: made.path,
      v1: `magnet:?xt=urn:btih:${Buffer.from(infoHashV1).toString('hex')}`,
      v2: formatMagnet({ infoHashV2 }),
    },
  };
  const outcome = (await runInPrivateNetwork(context, './transmission.process.ts', {
    addresses: [engineHost, transmissionHost],
    order,
    seconds: 40,
  })) as TransmissionOutcome;

  assert.deepEqual(outcome.answers, Array(torrents.length).fill('invalid or corrupt torrent file'));
  // It joins the v1 swarm, has the metadata from us, finds the SHA-1 right, and cannot read it.
  assert.equal(outcome.magnetAnswer, 'success');
  assert.equal(outcome.verdict, 'checksum passed 1, metainfo parsed 0');
  assert.equal(outcome.percentDone, 0);
  assert.deepEqual(await fingerprint(outcome.path), await fingerprint(made.path));
});
