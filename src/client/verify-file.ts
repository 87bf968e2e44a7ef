import { printable, toHex } from '../bytes/index.ts';
import { createTorrent, type Profile } from '../torrent/index.ts';
import { ClientError } from './errors.ts';
import { isFreshState, requireNotAhead, requireWitnessedTime } from './freshness.ts';
import { FULL_WORDS, type Level } from './levels.ts';
import { type CheckedProof, checkProof } from './proof/check-proof.ts';
import { refuseFork } from './proof/extend-seen.ts';
import { requireKnownPolicy } from './proof/known-policy.ts';
import type { LogTrust } from './proof/open-proof.ts';
import { requireMonitors, requireName, requireWinner, resolutionOfProof, type Winner } from './resolve.ts';
import { SeenCheckpoint } from './seen-checkpoint.ts';
import { type KeptPolicy, SeenPolicy } from './seen-policy.ts';
import { SeenState } from './seen-state.ts';

export interface VerifyFileOptions extends LogTrust {
  /**
   * Package URL or digest of the release that it has to be. Without, any release's file is verified with that release's
   * proof: an older version, or another package.
   */
  readonly release?: string | undefined;
  /** Where the last checkpoint seen of each log is kept; it is read, not written. */
  readonly stateFolder: string;
  /** The weakest level that will do, as for `resolveRelease`. */
  readonly level?: Level | undefined;
  /** Refuse a proof that is older. */
  readonly maxAgeMs?: number | undefined;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** A file or folder that is what the proof beside it says. */
export interface VerifiedFile {
  readonly winner: Winner;
  /** How long ago the newest entry that the proof holds was logged; its state, where that is older than a log lets it be. */
  readonly ageMs: number;
  /** Whether this user has seen a later state of the log, of which the proof knows nothing. */
  readonly isOutdated: boolean;
}

/**
 * Verifies a file or folder against a release's proof, without a network: checks the proof, hashes the content in the
 * canonical form, and compares the v2 infohash with the winner. Throws `mismatch`, `no-winner`, `no-quorum`, and `stale`
 * for a proof older than was allowed or from a time to come.
 */
export async function verifyFile(
  path: string,
  proof: Uint8Array,
  options: VerifyFileOptions,
): Promise<VerifiedFile> {
  if (options.release !== undefined) requireName(options.release);
  if (options.level === 'full') {
    throw new ClientError(
      'no-quorum',
      `no proof comes to level "full": ${FULL_WORDS.offline}; --level proof is the most that a file's proof can come to`,
    );
  }
  const { logKey, stateFolder, level, nowMs, maxAgeMs, signal } = options;
  const known = await new SeenPolicy(stateFolder, logKey).read();
  const checked = checkProof(proof, options, options.release, known);
  const seen = await new SeenCheckpoint(stateFolder, logKey).read();
  if (seen !== undefined) refuseFork(seen, checked.proof.checkpoint);
  if (level !== 'tally') requireKnownOffline(checked, known);
  const resolution = resolutionOfProof(checked);
  requireMonitors(checked, resolution.level, level, 'offline');
  const { tally, proof: opened } = checked;
  requireNotAhead(tally, nowMs(), '');
  requireWitnessedTime(tally, opened.cosigners, options.witnesses, '');
  const ageMs = Math.max(0, nowMs() - knownUntilMs(checked));
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) {
    throw new ClientError(
      'stale',
      `the proof is ${Math.round(ageMs / 1000)} s old, and at most ${maxAgeMs / 1000} s are allowed`,
    );
  }
  const winner = requireWinner(resolution);
  await requireInfoHash(path, winner, signal);
  const seenState = await new SeenState(stateFolder, logKey).read();
  return { winner, ageMs, isOutdated: seenState > (checked.state?.index ?? -1) };
}

/** An older policy than was seen is no fault of an older proof. */
function requireKnownOffline(checked: CheckedProof, seen: KeptPolicy | undefined): void {
  if (seen !== undefined && (checked.tally.policy?.index ?? 0) > seen.index)
    requireKnownPolicy(checked, seen, 'offline');
}

/**
 * Until when the proof knows what became of its release: anybody can put an old state under a new checkpoint, and leave
 * out what came between.
 */
function knownUntilMs({ tally, state }: CheckedProof): number {
  return state === undefined || isFreshState(tally.timeMs, state.timeMs) ? tally.timeMs : state.timeMs;
}

/** The content in canonical form must have the infohash that won, under the name that was voted for. */
async function requireInfoHash(path: string, { release, group }: Winner, signal: AbortSignal): Promise<void> {
  const profile: Profile = release.profile;
  const { metainfo } = await createTorrent(path, { profile, name: group.output?.name, signal });
  const infoHash = toHex(metainfo.infoHashV2);
  if (infoHash === group.infoHashV2) return;
  throw new ClientError(
    'mismatch',
    `${printable(path)} is not what the builders voted for: its infohash is ${infoHash}, and ${group.infoHashV2} won`,
  );
}
