import { join } from 'node:path';
import { brandBytes, fromHex, toHex } from '../bytes/index.ts';
import { Engine, type SeedIdentity, type Swarm, type SwarmError } from '../swarm/index.ts';
import { parseTorrent } from '../torrent/index.ts';
import type { Seeder } from './seeder.ts';

export interface SeederOptions {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string | undefined;
  /** The builder's own announce URL: a secret. */
  readonly announceUrl: string;
  /** The tally's announce URL for anyone, where a mirror finds peers. */
  readonly peersUrl: string;
  /** By what it proves to verifiers whose it is. */
  readonly identity: SeedIdentity;
  readonly onTrouble: (error: SwarmError) => void;
}

/** A {@link Seeder} on our own engine, listening. Throws `cannot-listen`. */
export async function openSeeder(options: SeederOptions): Promise<Seeder> {
  const { host, port, localAddress, announceUrl, peersUrl, identity, onTrouble } = options;
  const engine = new Engine({ host, port, localAddress });
  const seeded = new Map<string, Swarm>();
  const listening = await engine.listen().catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  return {
    ...listening,
    async seed(torrent, folder) {
      const metainfo = parseTorrent(torrent);
      const name = toHex(metainfo.infoHashV2);
      if (seeded.has(name)) return; // two releases with one output are one swarm
      const trackers = [announceUrl];
      const swarm = await engine.seed(metainfo, join(folder, metainfo.name), {
        trackers,
        identity,
        onTrouble,
      });
      seeded.set(name, swarm);
    },
    async stop(infoHashV2) {
      const swarm = seeded.get(infoHashV2);
      seeded.delete(infoHashV2);
      if (swarm !== undefined) await engine.leave(swarm);
    },
    async download(infoHashV2, folder, signal) {
      const source = {
        infoHashV2: brandBytes('InfoHashV2', fromHex(infoHashV2)),
        trackers: [],
        webSeeds: [],
        peers: [],
      };
      const { metainfo, path } = await engine.download(source, {
        folder,
        trackers: [peersUrl],
        signal,
        onTrouble,
      });
      return { path, name: metainfo.name };
    },
    close: () => engine.close(),
  };
}
