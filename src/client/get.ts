import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { toHex } from '../bytes/index.ts';
import { replaceSharedFile } from '../files/index.ts';
import type { SwarmProgress } from '../swarm/index.ts';
import { assertCanonical, type Metainfo } from '../torrent/index.ts';
import { type AskedSwarm, askSwarm } from './ask-swarm.ts';
import { resolveEverywhere, type TallyPlace } from './compare.ts';
import { downloadWinner, type PeerAddress } from './download.ts';
import { ClientError } from './errors.ts';
import { lookAtTarget, putInPlace, requireContent, targetExists, withWorkFolder } from './place.ts';
import { requireProofPlace } from './proof-place.ts';
import type { ResolveOptions, Winner } from './resolve.ts';
import type { TallyClient } from './tally-client.ts';

export interface GetOptions extends ResolveOptions {
  /** Further tallies that must name the same winner. */
  readonly others?: readonly TallyPlace[];
  /** Ask seeders themselves, until so many builders that voted for the winner have proved their keys. */
  readonly askSwarm?: number | undefined;
  /** Folder that the file (or folder) is put into, under its own name. */
  readonly outFolder: string;
  /** Replace what stands there under that name. */
  readonly replace?: boolean;
  /** Peers to ask beside those that the tally's tracker lists. */
  readonly peers?: readonly PeerAddress[];
  /** Address that connections go out from. */
  readonly localAddress?: string;
  readonly onProgress?: (progress: GetProgress) => void;
}

/** What `getRelease` does at the moment. */
export type GetProgress =
  | { readonly phase: 'log' }
  | { readonly phase: 'resolved'; readonly winner: Winner }
  | { readonly phase: 'download'; readonly progress: SwarmProgress }
  | { readonly phase: 'verify' };

/** A release that was got: where it is, what it is, and who stands behind it. */
export interface Got {
  readonly path: string;
  /** SHA-256 of the file in hex; undefined for a folder. */
  readonly sha256: string | undefined;
  readonly sizeBytes: number;
  readonly winner: Winner;
  /** What seeders proved, where they were asked. */
  readonly asked: AskedSwarm | undefined;
  /** Where the release's proof was put: beside the file, `<name>.bitquorum-proof`. */
  readonly proofPath: string | undefined;
  /** Whether it was there already, whole. */
  readonly alreadyThere: boolean;
}

/** What a release's proof is called, after the name of what it proves. */
export const PROOF_SUFFIX = '.bitquorum-proof';

/**
 * Gets a release: resolves it on the level that was asked for, at every tally that was named, downloads the winner's infohash from the swarm with every block
 * verified by SHA-256, reads the result once more from the disk, and only then puts it in its place, in one step; the
 * proof goes beside it.
 * When anything is wrong nothing new stands at that place; verified parts of an unfinished download stay in a hidden
 * folder, and the next time goes on from there. Throws {@link ClientError}: `no-winner`, `mismatch`,
 * `stale`, `not-found`, `download-failed` and the others.
 */
export async function getRelease(client: TallyClient, name: string, options: GetOptions): Promise<Got> {
  options.onProgress?.({ phase: 'log' });
  const places = [{ client, logKey: options.logKey }, ...(options.others ?? [])];
  const winner = await resolveEverywhere(places, name, options);
  options.onProgress?.({ phase: 'resolved', winner });
  const trackers = places.map((place) => new URL('announce', place.client.base).href);
  const { peers = [], localAddress, signal } = options;
  const least = options.askSwarm;
  const asked =
    least === undefined
      ? undefined
      : await askSwarm(winner, { trackers, peers, least, localAddress, signal });
  return withWorkFolder(resolve(options.outFolder), async (workFolder) => {
    const downloaded = await downloadWinner({
      infoHashV2: winner.group.infoHashV2,
      folder: workFolder,
      partialFolder: resolve(options.outFolder),
      trackers,
      peers,
      localAddress,
      signal,
      onProgress: (progress) => options.onProgress?.({ phase: 'download', progress }),
    });
    return { ...(await settle(winner, downloaded, options)), asked };
  });
}

async function settle(
  winner: Winner,
  { metainfo, path }: { readonly metainfo: Metainfo; readonly path: string },
  options: GetOptions,
): Promise<Omit<Got, 'asked'>> {
  const { signal } = options;
  options.onProgress?.({ phase: 'verify' });
  requireVotedFor(winner, metainfo);
  await requireContent(metainfo, path, signal);
  const sha256 = metainfo.isTree ? undefined : await sha256Of(path, signal);
  requireSameOutput(winner, sha256);
  const target = join(resolve(options.outFolder), metainfo.name);
  const proofPath = winner.proof === undefined ? undefined : `${target}${PROOF_SUFFIX}`;
  const got = { path: target, sha256, sizeBytes: metainfo.sizeBytes, winner, proofPath };
  const standing = await lookAtTarget(metainfo, target, signal);
  if (standing === 'other' && options.replace !== true) throw targetExists(target);
  if (proofPath !== undefined) await requireProofPlace(proofPath, options.replace === true);
  if (standing !== 'same') await putInPlace(path, target, standing === 'other');
  if (winner.proof !== undefined && proofPath !== undefined)
    await replaceSharedFile(proofPath, winner.proof, 0o644);
  return { ...got, alreadyThere: standing === 'same' };
}

/** The torrent must be the one that won, in the one form that can be a vote. */
function requireVotedFor(winner: Winner, metainfo: Metainfo): void {
  const infoHash = toHex(metainfo.infoHashV2);
  if (infoHash !== winner.group.infoHashV2) {
    throw new ClientError('mismatch', `the swarm gave ${infoHash} for ${winner.group.infoHashV2}`);
  }
  try {
    assertCanonical(metainfo);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new ClientError('mismatch', `the winner is not in the canonical form: ${words}`, { cause: error });
  }
}

/** What the builders said of their file must be what came: a vote that says otherwise was for something else. */
function requireSameOutput(winner: Winner, sha256: string | undefined): void {
  const said = winner.group.output?.sha256;
  if (said === undefined || sha256 === undefined || said === sha256) return;
  throw new ClientError(
    'mismatch',
    `the builders voted for this infohash and wrote SHA-256 ${said}, but its content has ${sha256}`,
  );
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
