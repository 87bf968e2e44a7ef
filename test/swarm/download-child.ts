// A download in a process of its own, to be killed: `node download-child.ts '{"torrent":…,"folder":…,"port":…}'`. It
// prints one JSON line for each progress, and one at the end.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Engine, SwarmError } from '../../src/swarm/index.ts';
import { parseTorrent } from '../../src/torrent/index.ts';

export interface ChildOrder {
  readonly torrent: string;
  readonly folder: string;
  readonly port: number;
}

export type ChildLine =
  | { readonly event: 'begun' }
  | {
      readonly event: 'done';
      readonly resumedBytes: number;
      readonly downloadedBytes: number;
      readonly path: string;
    }
  | { readonly event: 'failed'; readonly code: string; readonly message: string; readonly kept: number };

const say = (line: ChildLine): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const { torrent, folder, port } = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const engine = new Engine();
let kept = 0;
try {
  say({ event: 'begun' });
  const { progress, resumedBytes, path } = await engine.download(parseTorrent(readFileSync(torrent)), {
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
  await engine.close();
}
