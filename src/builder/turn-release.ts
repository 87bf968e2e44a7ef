import { type ReadOptions, type Receipt, readLog, type TallyClient } from '../client/index.ts';
import { makeStatement, type PrivateKey, signStatement } from '../statement/index.ts';
import { type ReleaseView, releaseView, resolvePackage, type Tally } from '../tally/index.ts';
import { BuilderError } from './errors.ts';

/** What publishers and founders may say about a release that stands. */
export type Turn =
  | { readonly kind: 'supersede'; readonly by: string; readonly reason: string }
  | { readonly kind: 'takedown' | 'revote'; readonly reason: string };

export interface TurnOptions extends ReadOptions {
  /** A publisher's key, or founders' keys: each signs. */
  readonly signers: readonly PrivateKey[];
}

/**
 * Supersedes a release, takes it down, or asks for a revote: reads and checks the log, and logs the signed statement.
 * Releases are named by package URL or digest. Throws `refused` for one that the log does not know, and what the
 * tally answers.
 */
export async function turnRelease(
  client: TallyClient,
  name: string,
  turn: Turn,
  options: TurnOptions,
): Promise<Receipt & { readonly release: string }> {
  const tally = await readLog(client, options);
  const release = find(tally, name);
  const subject = { name: release.package, sha256: release.digest };
  const { kind, reason } = turn;
  const bound = { origin: tally.context.origin, timeMs: options.nowMs(), release: release.digest, reason };
  const statement =
    kind === 'supersede'
      ? makeStatement(kind, subject, { ...bound, by: find(tally, turn.by).digest })
      : makeStatement(kind, subject, bound);
  const receipt = await client.submit(signStatement(statement, options.signers), options);
  return { ...receipt, release: release.digest };
}

function find(tally: Tally, name: string): ReleaseView {
  const found = releaseView(tally, name) ?? resolvePackage(tally, name);
  if (found !== undefined) return found;
  throw new BuilderError('refused', `the log ${tally.context.origin} knows no release ${name}`);
}
