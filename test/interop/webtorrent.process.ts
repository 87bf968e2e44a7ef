// One WebTorrent client for the interop tests, TCP only: told what to do by an argument, tells what happens by lines.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import WebTorrent from 'webtorrent';

interface Order {
  /** Path of a `.torrent` file, or else a magnet link. */
  readonly torrent?: string;
  readonly magnet?: string;
  readonly folder: string;
  readonly seed?: boolean;
  readonly peer?: string;
  /** Encryption; WebTorrent's own default when it is not given. */
  readonly secure?: boolean;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const client = new WebTorrent({
  dht: false,
  lsd: false,
  tracker: false,
  utp: false,
  natUpnp: false,
  natPmp: false,
  webSeeds: false,
  ...(order.secure !== undefined && { secure: order.secure }),
});
const say = (event: object): boolean => process.stdout.write(`${JSON.stringify(event)}\n`);
client.on('error', (error: Error) => say({ note: error.message }));
const source = order.magnet ?? readFileSync(order.torrent ?? '');
client.add(source, { path: order.folder, announce: [] }, (torrent) => {
  if (order.peer !== undefined) torrent.addPeer(order.peer);
  torrent.on('done', () => say({ done: true, port: client.torrentPort }));
});
