import { createHash } from 'node:crypto';
import { fromUtf8, InternalError } from '../bytes/index.ts';
import { type ReadOptions, readLog, type TallyClient } from '../client/index.ts';
import { makeStatement, openEnvelope, type PrivateKey, signStatement } from '../statement/index.ts';
import { policyAt, type ReleaseView, resolvePackage, type Tally } from '../tally/index.ts';
import { BuilderError } from './errors.ts';
import { parseRecipe, type Recipe } from './recipe.ts';

/** A recipe, and the bytes of its file, whose digest the release names. */
export interface RecipeFile {
  readonly bytes: Uint8Array;
  readonly recipe: Recipe;
}

export interface PublishOptions extends ReadOptions {
  readonly signer: PrivateKey;
  /** Length of the windows in seconds; the shortest that the policy allows when left out. */
  readonly commitSeconds?: number;
  readonly voteSeconds?: number;
  /** Founders who sign beside the publisher: then the release is urgent, with shorter windows. */
  readonly urgentBy?: readonly PrivateKey[];
}

export interface Published {
  readonly package: string;
  /** The release's digest, 64 hex. */
  readonly release: string;
  /** Its entry's index in the log. */
  readonly index: number;
  readonly commitSeconds: number;
  readonly voteSeconds: number;
  /** It stood in the log before: only its recipe was stored again. */
  readonly alreadyThere: boolean;
}

/** Reads the bytes of a recipe file. Throws `bad-recipe` and `bad-utf8`. */
export function readRecipe(bytes: Uint8Array): RecipeFile {
  return { bytes, recipe: parseRecipe(fromUtf8(bytes)) };
}

/**
 * Publishes a release: reads and checks the log, logs the signed statement and stores the recipe
 * as a blob. Run again for the same recipe while that release lives, it only stores the blob again. Throws `refused`
 * when another release has the name, since a second one would make the name contested, and when that release has other
 * windows than were asked for.
 */
export async function publishRelease(
  client: TallyClient,
  { bytes, recipe }: RecipeFile,
  options: PublishOptions,
): Promise<Published> {
  const tally = await readLog(client, options);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const live = liveRelease(tally, recipe, sha256);
  const urgentBy = options.urgentBy ?? [];
  if (live !== undefined) {
    const windows = windowsThere(tally, live, options);
    await client.putBlob(bytes, options);
    return {
      package: recipe.package,
      release: live.digest,
      index: live.index,
      ...windows,
      alreadyThere: true,
    };
  }
  const windows = windowsOf(tally, options);
  const statement = makeStatement(
    'release',
    { name: recipe.package, sha256 },
    {
      origin: tally.context.origin,
      timeMs: options.nowMs(),
      package: recipe.package,
      sources: recipe.sources.map(({ name, npm, integrity }) => ({
        name,
        uri: packageUrlOf(npm),
        integrity,
      })),
      recipe: { sha256, sizeBytes: bytes.length },
      platform: recipe.platform,
      profile: recipe.profile,
      urgent: urgentBy.length > 0,
      ...windows,
    },
  );
  const envelope = signStatement(statement, [options.signer, ...urgentBy]);
  const { index } = await client.submit(envelope, options);
  await client.putBlob(bytes, options);
  const release = openEnvelope(envelope).payloadDigest;
  return { package: recipe.package, release, index, ...windows, alreadyThere: false };
}

/** The live release of this name, if it is of this very recipe. */
function liveRelease(tally: Tally, recipe: Recipe, sha256: string): ReleaseView | undefined {
  const live = resolvePackage(tally, recipe.package);
  if (live === undefined || live.state === 'failed') return undefined;
  if (live.recipe.sha256 === sha256) return live;
  throw new BuilderError(
    'refused',
    `${recipe.package} is released already, by another recipe (release ${live.digest}, ${live.state}): a second ` +
      'release would make the name contested. Publish another version',
  );
}

type Windows = Pick<Published, 'commitSeconds' | 'voteSeconds'>;

/** The windows of a release that is logged already. Throws `refused` when others are asked for: they never change. */
function windowsThere(
  tally: Tally,
  { digest, index, package: name }: ReleaseView,
  asked: PublishOptions,
): Windows {
  const there = tally.releases.get(digest)?.predicate;
  if (there === undefined) throw new InternalError(`release ${digest} is seen and not there`);
  const { commitSeconds, voteSeconds, urgent } = there;
  const isSame =
    (asked.commitSeconds ?? commitSeconds) === commitSeconds &&
    (asked.voteSeconds ?? voteSeconds) === voteSeconds &&
    (urgent || !asked.urgentBy?.length);
  if (isSame) return { commitSeconds, voteSeconds };
  throw new BuilderError(
    'refused',
    `${name} is released already (entry ${index}), ${urgent ? 'as urgent' : 'not as urgent'}, with ${commitSeconds} s to ` +
      `commit and ${voteSeconds} s to vote, which never changes: leave these options out to store its recipe again`,
  );
}

function windowsOf(tally: Tally, options: PublishOptions): Windows {
  const rules = policyAt(tally, options.nowMs())?.rules;
  const floors = options.urgentBy?.length ? rules?.urgent : rules?.windows;
  return {
    commitSeconds: options.commitSeconds ?? floors?.commitFloorSeconds ?? 0,
    voteSeconds: options.voteSeconds ?? floors?.voteFloorSeconds ?? 0,
  };
}

/** The package URL of an npm source: `@noble/hashes@2.0.1` is `pkg:npm/%40noble/hashes@2.0.1`. */
function packageUrlOf(npm: string): string {
  const at = npm.lastIndexOf('@');
  const name = npm.slice(0, at).replace('@', '%40');
  return `pkg:npm/${name}@${encodeURIComponent(npm.slice(at + 1))}`;
}
