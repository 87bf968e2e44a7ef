import { printable } from '../bytes/index.ts';
import { isPackageUrl } from '../statement/index.ts';
import {
  type BuilderOnRelease,
  type GroupView,
  lightValue,
  packageOf,
  type ReleaseView,
  releaseView,
  resolvePackage,
  type Tally,
} from '../tally/index.ts';
import { ClientError, RefusedError } from './errors.ts';
import { type Level, type Reach, requireLevel } from './levels.ts';
import { type Mention, mentionsOf } from './mentions.ts';
import { type CheckedProof, laterThan } from './proof/check-proof.ts';
import { proveRelease } from './proof/prove-release.ts';
import { type ReadOptions, readWitnessedLog } from './read-log.ts';
import type { TallyClient } from './tally-client.ts';

/** How a release is resolved. */
export interface ResolveOptions extends ReadOptions {
  /** Read and count the whole log, instead of asking for a proof. */
  readonly full?: boolean;
  /** The weakest level that will do. Unless told, whatever the policy's monitors make possible. */
  readonly level?: Level | undefined;
  /** Take what founders and elders agree on before the verdict of an urgent release; only a full count knows it. */
  readonly provisional?: boolean;
}

/** A release as this client counted it from the log's own entries. */
export interface Resolution {
  readonly origin: string;
  /** Entries of the checkpoint, and the receipt time of the newest. */
  readonly size: number;
  readonly timeMs: number;
  readonly policy: { readonly name: string; readonly demo: boolean; readonly digest: string };
  readonly release: ReleaseView;
  readonly level: Level;
  /** Monitors that signed the state, and how many the policy asks for; of a proof only. */
  readonly monitors?: CheckedProof['monitors'];
  /** Witnesses of the user's choice that cosigned the checkpoint. */
  readonly witnesses: number;
  /** What to say beside it. */
  readonly mentions: readonly Mention[];
  /** The key by which each builder of the release signs now, by its identity. */
  readonly currentKeys: Readonly<Record<string, string>>;
  /** The `.bitquorum-proof` that it follows from. */
  readonly proof?: Uint8Array;
}

/** A resolution with a winner: who stands behind it, and who voted for something else. */
export interface Winner extends Resolution {
  readonly group: GroupView;
  /** Builders whose counted votes are for the winner. */
  readonly agreed: readonly BuilderOnRelease[];
  /** Builders whose counted votes are for something else, or were never opened. */
  readonly dissent: readonly BuilderOnRelease[];
}

/** Nothing has won (exit code 3); `resolution` has the groups as they stand. */
export class NoWinnerError extends ClientError {
  readonly resolution: Resolution;

  constructor(message: string, resolution: Resolution) {
    super('no-winner', message);
    this.resolution = resolution;
  }
}

/**
 * Finds a release by its package URL or digest: by a proof (see `proveRelease`), or with `full` in a log that is read
 * whole, checked and counted by this client (see `readLog`). Throws what these throw, `no-release-name`, `not-found`,
 * and `no-quorum` for a weaker level than was asked for.
 */
export async function resolveRelease(
  client: TallyClient,
  name: string,
  options: ResolveOptions,
): Promise<Resolution> {
  requireName(name);
  const isFull = options.full === true || options.level === 'full';
  return isFull ? byFullCount(client, name, options) : byProof(client, name, options);
}

/**
 * Where the policy names monitors, their quorum is asked for unless the user said that the tally's word will do, and that
 * of the policies before for what came after them; where it names none, only when the user said so.
 */
export function requireMonitors(
  { monitors: { signed, quorum }, policies: { unvouched } }: Pick<CheckedProof, 'monitors' | 'policies'>,
  reached: Level,
  least: Level | undefined,
  reach: Reach,
): void {
  if (unvouched !== undefined) {
    const why =
      `the monitors that the policy before that of entry ${unvouched} names do not vouch for it, and the proof cannot ` +
      'show that the keys of its founders were not revoked before';
    requireLevel(reached, least ?? 'proof', why, reach);
  }
  const words =
    quorum === 0
      ? 'the policy names no monitors, so that who is eligible stands on the tally’s word'
      : `${signed.length} of the ${quorum} monitors that the policy asks for have signed the state`;
  requireLevel(reached, least ?? (quorum > 0 ? 'proof' : undefined), words, reach);
}

async function byFullCount(client: TallyClient, name: string, options: ResolveOptions): Promise<Resolution> {
  const { tally, witnesses } = await readWitnessedLog(client, options);
  const release = isDigest(name) ? releaseView(tally, name) : resolvePackage(tally, name);
  if (release === undefined) {
    throw new ClientError('not-found', `no entry of ${tally.context.origin} announces ${name}`);
  }
  const newer = newestBeside(tally, release);
  const proof = release.winner === null ? undefined : await proofToKeep(client, release, options);
  return {
    ...resolutionOf(tally, release),
    size: tally.size,
    level: 'full',
    witnesses,
    mentions: mentionsOf({ release, newer, lapsed: [] }),
    ...(proof !== undefined && { proof }),
  };
}

/** A proof of what was counted, to be kept beside the file, if the tally has one that says the same. */
async function proofToKeep(
  client: TallyClient,
  { digest, winner }: ReleaseView,
  options: ResolveOptions,
): Promise<Uint8Array | undefined> {
  try {
    const { bytes, release } = await proveRelease(client, digest, options);
    return release.winner === winner ? bytes : undefined;
  } catch (error) {
    if (error instanceof ClientError && error.code !== 'mismatch') return undefined;
    throw error;
  }
}

async function byProof(client: TallyClient, name: string, options: ResolveOptions): Promise<Resolution> {
  const checked = await proveRelease(client, name, options).catch((error: unknown) => {
    if (!(error instanceof RefusedError) || error.problem !== 'not-found') throw error;
    throw new ClientError(
      'not-found',
      `the tally knows no release ${name}: "bitquorum release list" shows those that it has`,
      { cause: error },
    );
  });
  requireMonitors(checked, checked.level, options.level, 'online');
  return { ...resolutionOfProof(checked), proof: checked.bytes };
}

/** What a checked proof comes to, as a resolution. */
export function resolutionOfProof(checked: CheckedProof): Resolution {
  const { tally, release, monitors, level, proof, witnesses } = checked;
  return {
    ...resolutionOf(tally, release),
    size: proof.checkpoint.size,
    level,
    monitors,
    witnesses,
    mentions: mentionsOf(checked),
  };
}

function resolutionOf(tally: Tally, release: ReleaseView) {
  const { policy, timeMs, context } = tally;
  if (policy === undefined) throw new ClientError('mismatch', `the log ${context.origin} has no policy`);
  return {
    origin: context.origin,
    timeMs,
    policy: { name: policy.rules.name, demo: policy.rules.demo, digest: policy.digest },
    release,
    currentKeys: Object.fromEntries(
      release.builders.map(({ key }) => [key, tally.builders.get(key)?.life.currentKey ?? key]),
    ),
  };
}

/** Later releases of the same package, from a count of the whole log. */
function newestBeside(tally: Tally, release: ReleaseView): CheckedProof['newer'] {
  const text = lightValue(tally, `newest:${packageOf(release.package)}`);
  return laterThan(
    release.index,
    text === undefined ? undefined : (JSON.parse(text) as CheckedProof['newer']),
  );
}

/**
 * The winner of a resolution; with `provisional`, before the verdict of an urgent release, what founders and elders
 * agree on. Throws {@link NoWinnerError} with the groups in words.
 */
export function requireWinner<Found extends Resolution>(
  resolution: Found,
  { provisional = false }: Pick<ResolveOptions, 'provisional'> = {},
): Found & Winner {
  const { release } = resolution;
  const taken = release.winner ?? (provisional ? release.provisional?.infoHashV2 : undefined);
  const group = release.groups.find(({ infoHashV2 }) => infoHashV2 === taken);
  if (group === undefined) throw new NoWinnerError(noWinnerWords(release), resolution);
  const counting = release.builders.filter(
    ({ key, status }) =>
      status === 'counts' ||
      (release.winner === null && release.provisional?.builders.includes(key) === true),
  );
  return {
    ...resolution,
    group,
    agreed: counting.filter(({ infoHashV2 }) => infoHashV2 === taken),
    dissent: counting.filter(({ infoHashV2 }) => infoHashV2 !== taken),
  };
}

/** Throws `no-release-name` for what can be no release. */
export function requireName(name: string): void {
  if (isDigest(name) || isPackageUrl(name)) return;
  const scoped = name.replace(/^pkg:npm\/@/, 'pkg:npm/%40');
  const meant = scoped !== name && isPackageUrl(scoped) ? `: write ${scoped}` : '';
  throw new ClientError(
    'no-release-name',
    `${JSON.stringify(printable(name))} is neither a canonical package URL (such as ` +
      `pkg:npm/%40noble/hashes@2.0.1) nor a release digest of 64 lower-case hex digits${meant}`,
  );
}

function isDigest(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** Why a release stands for nothing, where votes are not what is missing. */
function endWords({ state, ended, earlier, lifted }: ReleaseView): string {
  if (ended !== undefined) return ` (entry ${ended.index}: ${printable(ended.reason)})`;
  if (state === 'provisional')
    return ' (founders and elders agree: --full --provisional takes that at your risk)';
  if (lifted !== undefined && state !== 'contested' && state !== 'failed') {
    return ` (it was ${lifted.ending.kind} in entry ${lifted.ending.index}; founders asked again in entry ${lifted.index})`;
  }
  const last = earlier.at(-1);
  return last === undefined
    ? ''
    : ` (founders asked again after entry ${last.index}, which was ${last.state})`;
}

function noWinnerWords(release: ReleaseView): string {
  const groups = release.groups.map(
    ({ infoHashV2, counted, total }) => `  ${infoHashV2}: ${counted} counted of ${total} votes`,
  );
  const votes = groups.length === 0 ? 'nobody has voted' : `votes so far:\n${groups.join('\n')}`;
  const rivals =
    release.rivals.length === 0 ? '' : ` (${release.rivals.length} rival releases claim the name)`;
  const needed =
    release.ended === undefined
      ? `, and ${release.quorum} ${release.quorum === 1 ? 'vote is' : 'votes are'} needed`
      : '';
  return `nothing has won for ${release.package}: it is ${release.state}${rivals}${endWords(release)}${needed}; ${votes}`;
}
