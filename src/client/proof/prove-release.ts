import type { TlogPolicy } from '../../note/index.ts';
import { requireFresh, requireFreshState, requireWitnessedTime } from '../freshness.ts';
import type { Level } from '../levels.ts';
import { SeenCheckpoint } from '../seen-checkpoint.ts';
import { SeenPolicy } from '../seen-policy.ts';
import { SeenState } from '../seen-state.ts';
import type { TallyClient } from '../tally-client.ts';
import { type CheckedProof, checkProof } from './check-proof.ts';
import { extendSeen } from './extend-seen.ts';
import { requireKnownPolicy } from './known-policy.ts';

/** What a proof from a tally is held against. */
export interface ProveOptions {
  readonly logKey: string;
  readonly stateFolder: string;
  readonly witnesses?: TlogPolicy | undefined;
  readonly allowStale?: boolean;
  /** The weakest level that will do: on the tally's word a new policy needs nobody else's. */
  readonly level?: Level | undefined;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
}

/**
 * Asks a tally for a release's proof and checks it: against itself, against the checkpoint and the state seen last, and
 * against the clock. Throws `mismatch`, `stale`, `no-quorum`, `not-found` and what talking to a tally throws.
 */
export async function proveRelease(
  client: TallyClient,
  name: string,
  options: ProveOptions,
): Promise<CheckedProof & { readonly bytes: Uint8Array }> {
  const { logKey, stateFolder, signal } = options;
  const bytes = await client.proof(name, { signal });
  const policy = new SeenPolicy(stateFolder, logKey);
  const known = await policy.read();
  const checked = checkProof(bytes, options, name, known);
  const { checkpoint, bundle } = checked.proof;
  const seen = new SeenCheckpoint(stateFolder, logKey);
  await extendSeen(client, seen, { checkpoint, note: bundle.checkpoint }, signal);
  if (options.level !== 'tally') {
    requireKnownPolicy(checked, known, 'online');
    if (checked.level === 'proof') await policy.see(checked.tally);
  }
  // Where monitors sign, the tally shows the newest state that they have signed: only these come in order.
  const isUnwatched = checked.monitors.quorum === 0 && checked.policies.unvouched === undefined;
  const isSettled = checked.level === 'proof' || isUnwatched;
  if (checked.state !== undefined && isSettled && options.allowStale !== true)
    await new SeenState(stateFolder, logKey).see(checked.state.index);
  if (options.allowStale !== true) requireRecent(checked, options);
  return { ...checked, bytes };
}

/** Refuses a proof that shows no sign of life. Throws `stale`. */
function requireRecent(checked: CheckedProof, { nowMs, witnesses }: ProveOptions): void {
  requireFresh(checked.tally, nowMs());
  requireFreshState(checked.tally, checked.state?.timeMs);
  requireWitnessedTime(checked.tally, checked.proof.cosigners, witnesses);
}
