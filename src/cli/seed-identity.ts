import type { Command } from 'commander';
import type { SeedIdentity } from '../swarm/index.ts';
import { collect, parsePublicAddress } from './endpoint.ts';
import { UsageError } from './exit-code.ts';

/** By what a seeder proves whose it is. */
export interface IdentityFlags {
  readonly identity?: string;
  readonly publicAddress?: readonly string[];
}

/** Adds `--identity` and `--public-address`. */
export function addIdentityOptions(command: Command): Command {
  return command
    .option('--identity <file>', 'private key of a builder: proves to whoever connects that it seeds this')
    .option(
      '--public-address <host:port>',
      'where others reach it, if behind NAT: the key is proven there too; may be given several times',
      collect,
    );
}

/** What {@link addIdentityOptions} were given. Throws a {@link UsageError}, and what reading the key throws. */
export async function identityOf({
  identity,
  publicAddress,
}: IdentityFlags): Promise<SeedIdentity | undefined> {
  const addresses = publicAddress?.map(parsePublicAddress) ?? [];
  if (identity !== undefined) {
    const { readKeyFile } = await import('../statement/index.ts'); // a tenth of a second, for those who need it
    return { signer: await readKeyFile(identity), addresses };
  }
  if (publicAddress === undefined) return undefined;
  throw new UsageError('--public-address says where a key is proven: give --identity as well');
}
