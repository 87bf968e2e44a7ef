import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine, keepYoungHeapSmall } from '../../src/swarm/index.ts';
import { parseTorrent } from '../../src/torrent/index.ts';

/** What a measured seeder is told, as JSON in its last argument: a folder with `*.torrent` and, beside, what they name. */
export interface SeederOrder {
  readonly folder: string;
}

/** How long the processor time of an idle seeder is measured. */
export const IDLE_SECONDS = 10;

/**
 * Our engine as a measured seeder, one JSON line an answer: at the start, when everything was hashed and is seeded,
 * `{port, seconds, emptyMib, rssMib}`; on `rss` `{rssMib}`; on `idle` `{cpuSeconds}` of one second, of all threads; on
 * `close` `{seconds}`, and the process is over.
 */
export async function playSeeder({ folder }: SeederOrder): Promise<void> {
  const say = (event: object): boolean => process.stdout.write(`${JSON.stringify(event)}\n`);
  keepYoungHeapSmall(); // as `bitquorum seed` does
  const engine = new Engine({ encryption: 'off', maxConnections: 5000, maxConnectionsPerSwarm: 5000 });
  const { port } = await engine.listen();
  const emptyMib = rssMib();
  const started = performance.now();
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.torrent')) continue;
    const metainfo = parseTorrent(readFileSync(join(folder, name)));
    await engine.seed(metainfo, join(folder, metainfo.name));
  }
  say({ port, seconds: (performance.now() - started) / 1000, emptyMib, rssMib: rssMib() });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'rss') say({ rssMib: rssMib() });
    else if (line === 'idle') {
      const before = process.cpuUsage();
      await sleep(IDLE_SECONDS * 1000);
      const { user, system } = process.cpuUsage(before);
      say({ cpuSeconds: (user + system) / 1e6 / IDLE_SECONDS });
    } else if (line === 'close') {
      const closing = performance.now();
      await engine.close();
      say({ seconds: (performance.now() - closing) / 1000 });
      break;
    }
  }
  process.exit();
}

function rssMib(): number {
  return process.memoryUsage.rss() / 1024 ** 2;
}
