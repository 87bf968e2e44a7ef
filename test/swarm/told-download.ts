import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Engine, SwarmError } from '../../src/swarm/index.ts';
import { type Metainfo, parseTorrent } from '../../src/torrent/index.ts';

/** What a download in a process of its own is told, as JSON in its argument. */
export interface ChildOrder {
  readonly torrent: string;
  readonly folder: string;
  readonly port: number;
}

/** What it prints, one JSON line each. */
export type ChildLine =
  | { readonly event: 'begun' }
  | {
      readonly event: 'done';
      readonly resumedBytes: number;
      readonly downloadedBytes: number;
      readonly path: string;
    }
  | { readonly event: 'failed'; readonly code: string; readonly message: string; readonly kept: number };

export function say(line: ChildLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The order of this process, and the torrent that it names. */
export function readOrder(): ChildOrder & { readonly metainfo: Metainfo } {
  const order = JSON.parse(process.argv[2] ?? '') as ChildOrder;
  return { ...order, metainfo: parseTorrent(readFileSync(order.torrent)) };
}

/** Downloads from the peer of the order, by an engine of its own, and tells how it ended. */
export async function toldDownload({ metainfo, folder, port }: ReturnType<typeof readOrder>): Promise<void> {
  const engine = new Engine();
  let kept = 0;
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
    await engine.close();
  }
}
