import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { hashedBy } from '../../src/sha256/index.ts';
import { Engine, keepYoungHeapSmall } from '../../src/swarm/index.ts';
import { parseTorrent } from '../../src/torrent/index.ts';
import type { TransferClient, TransferOrder } from './transfer-child.ts';

/** Our engine without encryption, else with its default settings, as one side of a transfer. */
export async function openEngine({ torrent, folder, peer }: TransferOrder): Promise<TransferClient> {
  const metainfo = parseTorrent(readFileSync(torrent));
  keepYoungHeapSmall(); // as `bitquorum seed` and `download` do
  const engine = new Engine({ encryption: 'off', syncFiles: false });
  const { port } = await engine.listen();
  if (peer === undefined) await engine.seed(metainfo, join(folder, metainfo.name));
  return {
    port,
    settings: `engine, Node ${process.versions.node}, SHA-256 by ${hashedBy}: encryption off, files not flushed at the end (as libtorrent), all else at its default`,
    download: async () => {
      await engine.download(metainfo, { folder, peers: [{ host: '127.0.0.1', port: peer as number }] });
    },
  };
}
