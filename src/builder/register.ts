import { join } from 'node:path';
import type { Receipt, TallyClient } from '../client/index.ts';
import {
  announceDigestOf,
  makeStatement,
  nextKeyDigest,
  type PrivateKey,
  sha256,
  signStatement,
} from '../statement/index.ts';
import { keyAt, NEXT_KEY_FILE } from './key-at.ts';
import { hostPlatform } from './rebuild.ts';

/** Who a builder says that it is. */
export interface Registration {
  /** Who runs it; builders of one operator have one weight. */
  readonly operator: string;
  /** Up to 4 network prefixes (CIDR) that it declares; builders of one prefix have one weight. */
  readonly prefixes: readonly string[];
}

/**
 * Logs a builder's statement: its key, the digest of the key that will follow it (made once and kept at
 * `<dataFolder>/next.key`), its operator, platform and prefixes, and the digest of its announce token.
 */
export async function registerBuilder(
  client: TallyClient,
  signer: PrivateKey,
  { operator, prefixes }: Registration,
  context: { origin: string; dataFolder: string; nowMs: () => number; signal: AbortSignal },
): Promise<Receipt> {
  const next = await keyAt(join(context.dataFolder, NEXT_KEY_FILE), signer.name);
  const statement = makeStatement(
    'builder',
    { name: operator, sha256: signer.key },
    {
      origin: context.origin,
      timeMs: context.nowMs(),
      vkey: signer.vkey,
      nextKey: nextKeyDigest(next.key, sha256),
      operator,
      platforms: [hostPlatform()],
      prefixes: [...prefixes],
      announceDigest: announceDigestOf(signer.announceToken(context.origin)),
    },
  );
  return client.submit(signStatement(statement, [signer]), { signal: context.signal });
}
