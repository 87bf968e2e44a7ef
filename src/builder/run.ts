import { TallyClient } from '../client/index.ts';
import { parseVkey } from '../note/index.ts';
import type { PrivateKey } from '../statement/index.ts';
import { announceUrlOf } from './announce-url.ts';
import type { BuilderEvent } from './builder-event.ts';
import { BuilderLoop } from './builder-loop.ts';
import { lockDataFolder } from './data-lock.ts';
import { openSeeder } from './engine-seeder.ts';
import { chooseSandbox, rebuild } from './rebuild.ts';
import { RecordStore } from './record.ts';
import type { BuilderStrategy } from './strategy.ts';

export interface BuilderOptions {
  /** Address of the tally: http(s)://HOST[:PORT]. */
  readonly tally: string | URL;
  /** The log's verifier key, pinned by the user. */
  readonly logKey: string;
  /** The builder's key: signs, and makes its announce URL. */
  readonly signer: PrivateKey;
  /** Who runs it; the key's name when left out. Builders of one operator have one weight. */
  readonly operator?: string;
  /** Network prefixes (CIDR, at most 4) that it declares; none when left out. */
  readonly prefixes?: readonly string[];
  /** Its records, artifacts and the last checkpoint seen. One running builder a folder. */
  readonly dataFolder: string;
  /** Source archives; may be shared by several builders. */
  readonly cacheFolder: string;
  /** Where it listens for peers. Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /**
   * Where others reach it, if not at an address of this machine: behind NAT, the router's address and the port that it
   * forwards. Only connections to these and to its own addresses are proven to be its own.
   */
  readonly publicAddresses?: readonly { readonly host: string; readonly port: number }[];
  /** Address that its requests, announces and connections come from. */
  readonly localAddress?: string;
  /** Build without a sandbox where there is none. */
  readonly trusted?: boolean;
  /** What it makes of a release; the honest rebuild when left out. */
  readonly strategy?: BuilderStrategy;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: BuilderEvent) => void;
}

/** What every honest builder does: it rebuilds from the recipe, and nothing else. */
const HONEST: BuilderStrategy = { makeArtifact: async (task) => rebuild(task.recipe, task) };

/**
 * Runs a builder until `signal` aborts: registers it if the log does not know it, follows the log (which it checks
 * and counts for itself), rebuilds each open release of an authorised publisher, commits, votes after close, seeds
 * what it voted for and announces by its own announce URL. Everything that it must not forget is on the disk before
 * it is sent, so it may be stopped at any moment and started again.
 *
 * Troubles that may pass (the tally is down, a package cannot be fetched) are told as events and tried again. Throws
 * what cannot pass: a log that lies (`mismatch`), a damaged record or a folder in use (`bad-state`), no sandbox on this
 * machine and no trust (`not-trusted`).
 */
export async function runBuilder(options: BuilderOptions): Promise<void> {
  const origin = parseVkey(options.logKey).name;
  const client = new TallyClient(
    options.tally,
    options.localAddress === undefined ? {} : { localAddress: options.localAddress },
  );
  if (options.strategy === undefined) {
    await chooseSandbox({ trusted: options.trusted ?? false, signal: options.signal });
  }
  const unlock = await lockDataFolder(options.dataFolder);
  try {
    const records = new RecordStore(options.dataFolder);
    const known = await records.readAll();
    const seeder = await openSeeder({
      ...options.listen,
      localAddress: options.localAddress,
      announceUrl: announceUrlOf(client.base, options.logKey, options.signer),
      peersUrl: new URL('announce', client.base).href,
      identity: { signer: options.signer, addresses: options.publicAddresses ?? [] },
      onTrouble: ({ message }) => options.onEvent?.({ event: 'trouble', reason: message }),
    });
    try {
      options.onEvent?.({ event: 'listening', host: seeder.host, port: seeder.port });
      await new BuilderLoop({
        client,
        origin,
        logKey: options.logKey,
        signer: options.signer,
        registration: { operator: options.operator ?? options.signer.name, prefixes: options.prefixes ?? [] },
        dataFolder: options.dataFolder,
        cacheFolder: options.cacheFolder,
        trusted: options.trusted ?? false,
        strategy: options.strategy ?? HONEST,
        records,
        known,
        seeder,
        signal: options.signal,
        onEvent: options.onEvent ?? (() => {}),
      }).run();
    } finally {
      await seeder.close();
    }
  } finally {
    await unlock();
  }
}
