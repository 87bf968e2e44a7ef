import { type Command, Option } from 'commander';
import type { EngineOptions, RateLimits } from '../swarm/index.ts';
import { addDhtOptions, type DhtFlags, dhtOf } from './dht-options.ts';
import { ownAddressOption } from './own-address.ts';
import { parseRate } from './rate.ts';

/** Options of every command that moves bytes between peers. */
export interface TransferFlags extends DhtFlags {
  readonly limitDown?: string;
  readonly limitUp?: string;
  readonly localAddress?: string;
  readonly encryption: EngineOptions['encryption'];
}

/** Adds `--limit-down` (unless nothing is fetched), `--limit-up`, `--local-address`, `--dht` and `--encryption`. */
export function addTransferOptions(command: Command, fetches: boolean): Command {
  if (fetches) {
    command.option('--limit-down <rate>', 'fetch no faster, in bytes a second, such as 500k, 2M, 1.5MiB');
  }
  return addDhtOptions(command)
    .option('--limit-up <rate>', 'send no faster, in bytes a second, such as 500k, 2M, 1.5MiB')
    .addOption(ownAddressOption('--local-address', 'address that connections and announces go out from'))
    .addOption(
      new Option('--encryption <policy>', 'whether connections are encrypted (MSE)')
        .choices(['off', 'allow', 'prefer', 'require'])
        .default('allow'),
    );
}

/** What these options are for an engine. Throws a `UsageError`. */
export function engineOptionsOf(flags: TransferFlags): Partial<EngineOptions> {
  const limits: RateLimits = {
    ...(flags.limitDown !== undefined && {
      downloadBytesPerSecond: parseRate('--limit-down', flags.limitDown),
    }),
    ...(flags.limitUp !== undefined && { uploadBytesPerSecond: parseRate('--limit-up', flags.limitUp) }),
  };
  return {
    ...limits,
    dht: dhtOf(flags),
    ...(flags.localAddress !== undefined && { localAddress: flags.localAddress }),
    encryption: flags.encryption,
  };
}
