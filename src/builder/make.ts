import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CodedError, DECEIVING, fromUtf8, toHex, WHITE_SPACE } from '../bytes/index.ts';
import { ClientError, type TallyClient } from '../client/index.ts';
import { makeStatement } from '../statement/index.ts';
import type { ReleaseView } from '../tally/index.ts';
import { createTorrent, type Metainfo } from '../torrent/index.ts';
import { parseRecipe, type Recipe } from './recipe.ts';
import type { BuildRecord, MadeRecord, RecordStore } from './record.ts';
import type { Artifact, BuildTask, RebuildProgress } from './strategy.ts';

/** What making needs besides the release. */
export interface MakeContext {
  readonly client: TallyClient;
  readonly records: RecordStore;
  readonly cacheFolder: string;
  readonly trusted: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (release: ReleaseView, progress: RebuildProgress) => void;
}

/** A record to be kept, with the torrent of its artifact when there is one. */
export interface Made {
  readonly record: BuildRecord;
  readonly torrent?: Uint8Array;
}

const LONGEST_REASON = 300;
const SALT_BYTES = 32;
const NOT_IN_A_LINE = new RegExp(`[${DECEIVING}${WHITE_SPACE}]+`, 'gu');

/**
 * Makes what a strategy gives for a release, and its canonical torrent. What fails because of the release becomes a
 * `failed` record; what fails for the network, or because of an abort, is thrown and may be tried again.
 */
export async function makeRecord(
  context: MakeContext,
  release: ReleaseView,
  make: (task: BuildTask) => Promise<Artifact | undefined>,
  kind: MadeRecord['kind'],
): Promise<Made> {
  const recipe = await fetchRecipe(context, release);
  if (typeof recipe === 'string') return { record: failed(release, recipe) };
  const outputFolder = await context.records.clearOutput(release.digest);
  const task: BuildTask = {
    release: release.digest,
    package: release.package,
    recipe,
    cacheFolder: context.cacheFolder,
    outputFolder,
    trusted: context.trusted,
    signal: context.signal,
    onProgress: (progress) => context.onProgress(release, progress),
  };
  try {
    const artifact = await make(task);
    if (artifact === undefined) return { record: { ...about(release), kind: 'nothing' } };
    return await describe(context, release, artifact, kind);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof CodedError) || mayPass(error) || error.code === 'not-trusted') throw error;
    return { record: failed(release, error.message) };
  }
}

/** Whether an error is of the tally or of this machine's network, not of the release: trying again may help. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ClientError) return true;
  return error instanceof CodedError && ['fetch-failed', 'no-npm'].includes(error.code);
}

/** A release's recipe by its digest, or why it may not be built by that: it says something else than the release. */
async function fetchRecipe({ client, signal }: MakeContext, release: ReleaseView): Promise<Recipe | string> {
  const blob = await client.blob(release.recipe.sha256, { signal });
  let recipe: Recipe;
  try {
    recipe = parseRecipe(fromUtf8(blob));
  } catch (error) {
    if (error instanceof CodedError) return error.message;
    throw error;
  }
  const sources = (list: readonly { name: string; integrity: string }[]): string =>
    JSON.stringify(list.map(({ name, integrity }) => [name, integrity]));
  const differs = (['package', 'platform', 'profile'] as const).find((key) => recipe[key] !== release[key]);
  if (differs !== undefined) return `the recipe's ${differs} is not the release's`;
  if (sources(recipe.sources) !== sources(release.sources))
    return "the recipe's sources are not the release's";
  return recipe;
}

async function describe(
  { signal }: MakeContext,
  release: ReleaseView,
  artifact: Artifact,
  kind: MadeRecord['kind'],
): Promise<Made> {
  const { torrent, metainfo } = await createTorrent(artifact.path, {
    profile: release.profile,
    name: artifact.name,
    signal,
  });
  const record: MadeRecord = {
    ...about(release),
    kind,
    salt: randomBytes(SALT_BYTES).toString('hex'),
    infoHashV2: toHex(metainfo.infoHashV2),
    output: await outputOf(metainfo, artifact.path, signal),
  };
  requireVotable(record);
  return { record, torrent };
}

/** Throws `bad-statement` for what no vote can say, such as a name with invisible letters: before it is committed to. */
function requireVotable({ release, package: packageUrl, salt, infoHashV2, output }: MadeRecord): void {
  const bound = { origin: 'any', timeMs: 0, release };
  makeStatement('vote', { name: packageUrl, sha256: release }, { ...bound, salt, infoHashV2, output });
}

async function outputOf(
  metainfo: Metainfo,
  path: string,
  signal: AbortSignal,
): Promise<MadeRecord['output']> {
  const { name, sizeBytes } = metainfo;
  if (metainfo.isTree) return { name, sizeBytes };
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return { name, sizeBytes, sha256: hash.digest('hex') };
}

function failed(release: ReleaseView, reason: string): BuildRecord {
  return { ...about(release), kind: 'failed', reason: oneLine(reason) };
}

function about(release: ReleaseView) {
  return { format: 1, release: release.digest, package: release.package } as const;
}

/** A reason as a statement may carry it: one line, no control, invisible or bidi characters, 300 at most. */
function oneLine(text: string): string {
  const plain = text.replaceAll(NOT_IN_A_LINE, ' ').trim();
  return plain.slice(0, LONGEST_REASON).toWellFormed() || 'no reason given';
}
