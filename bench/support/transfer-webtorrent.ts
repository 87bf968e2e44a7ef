import { readFileSync } from 'node:fs';
import process from 'node:process';
import WebTorrent from 'webtorrent';
import type { TransferClient, TransferOrder } from './transfer-child.ts';

/** WebTorrent over TCP alone, with its own default of connections and memory, as one side of a transfer. */
export async function openWebTorrent({ torrent, folder, peer }: TransferOrder): Promise<TransferClient> {
  const client = new WebTorrent({
    dht: false,
    lsd: false,
    tracker: false,
    utp: false,
    natUpnp: false,
    natPmp: false,
    webSeeds: false,
    secure: false,
  });
  client.on('error', (error) => {
    throw error;
  });
  const done = Promise.withResolvers<void>();
  const started = await new Promise<{ addPeer(address: string): boolean }>((resolve) => {
    client.add(readFileSync(torrent), { path: folder, announce: [] }, (added) => {
      added.on('done', () => done.resolve());
      resolve(added);
    });
  });
  if (peer === undefined) await done.promise;
  // Its types leave both out.
  const { VERSION } = WebTorrent as unknown as { readonly VERSION: string };
  const { maxConns } = client as unknown as { readonly maxConns: number };
  return {
    port: client.torrentPort,
    settings: `WebTorrent ${VERSION}, Node ${process.versions.node}: encryption off, without uTP, DHT, trackers, web seeds and local discovery, maxConns ${maxConns}, all else at its default`,
    download: () => {
      started.addPeer(`127.0.0.1:${peer}`);
      return done.promise;
    },
  };
}
