import { createHash } from 'node:crypto';
import { fromUtf8 } from '../bytes/index.ts';
import { type ReadOptions, readLog, type TallyClient } from '../client/index.ts';
import { makeStatement, openEnvelope, type PrivateKey, signStatement } from '../statement/index.ts';
import { policyAt, type ReleaseView, resolvePackage, type Tally } from '../tally/index.ts';
import { BuilderError } from './errors.ts';
import { parseRecipe, type Recipe } from './recipe.ts';

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
}

/**
 * Publishes a release: checks the recipe, reads and checks the log, logs the signed statement and stores the recipe
 * as a blob. Run again for the same recipe while that release lives, it only stores the blob again. Throws `refused`
 * when another release has the name: a second one would make the name contested.
 */
export async function publishRelease(
  client: TallyClient,
  recipeBytes: Uint8Array,
  options: PublishOptions,
): Promise<Published> {
  const recipe = parseRecipe(fromUtf8(recipeBytes));
  const tally = await readLog(client, options);
  const sha256 = createHash('sha256').update(recipeBytes).digest('hex');
  const live = liveRelease(tally, recipe, sha256);
  const urgentBy = options.urgentBy ?? [];
  const windows = windowsOf(tally, options);
  if (live !== undefined) {
    await client.putBlob(recipeBytes, options);
    return { package: recipe.package, release: live.digest, index: live.index, ...windows };
  }
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
      recipe: { sha256, sizeBytes: recipeBytes.length },
      platform: recipe.platform,
      profile: recipe.profile,
      urgent: urgentBy.length > 0,
      ...windows,
    },
  );
  const envelope = signStatement(statement, [options.signer, ...urgentBy]);
  const { index } = await client.submit(envelope, options);
  await client.putBlob(recipeBytes, options);
  return { package: recipe.package, release: openEnvelope(envelope).payloadDigest, index, ...windows };
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

function windowsOf(tally: Tally, options: PublishOptions): { commitSeconds: number; voteSeconds: number } {
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
