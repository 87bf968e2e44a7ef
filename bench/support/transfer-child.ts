import process from 'node:process';
import { createInterface } from 'node:readline';

/** What one side of a measured transfer is told, as JSON in its last argument. */
export interface TransferOrder {
  /** Path of the `.torrent` file. */
  readonly torrent: string;
  /** Folder that holds the content, or that it is to come into. */
  readonly folder: string;
  /** Port of the seeder on 127.0.0.1; without it this side seeds. */
  readonly peer?: number;
  /** How a libtorrent that seeds comes to its content, where it does not hash it beforehand; see `ClientName`. */
  readonly start?: 'resumed' | 'trusting';
}

/** A client of some kind that has loaded the torrent. */
export interface TransferClient {
  /** Where it listens; 0 when it does not. */
  readonly port: number;
  /** Name, version, and the settings that bear on speed. */
  readonly settings: string;
  /** Fetches everything from the peer of the order. */
  download(): Promise<void>;
}

/**
 * Plays one side over standard input and output, one JSON line a step: `{port, settings}` when the torrent is loaded; on `go`
 * the processor time starts to count, and a downloader begins and answers `{seconds}`; on `end` come `{cpuSeconds,
 * peakMib}`, and the process is over.
 */
export async function playTransfer(order: TransferOrder, client: TransferClient): Promise<void> {
  const say = (event: object): boolean => process.stdout.write(`${JSON.stringify(event)}\n`);
  say({ port: client.port, settings: client.settings });
  let before = process.cpuUsage();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'go') {
      before = process.cpuUsage();
      const started = performance.now();
      if (order.peer === undefined) continue;
      await client.download();
      say({ seconds: (performance.now() - started) / 1000 });
    } else {
      const { user, system } = process.cpuUsage(before);
      say({ cpuSeconds: (user + system) / 1e6, peakMib: process.resourceUsage().maxRSS / 1024 });
      break;
    }
  }
  process.exit();
}
