import type { Recipe } from './recipe.ts';

/**
 * The seam of a builder: what it makes for a release. `runBuilder` does the rest (commitment, vote, seeding,
 * announcing), whatever was made. The default is the honest one: `makeArtifact` rebuilds from the recipe, and
 * there is no `makeLate`.
 *
 * @example
 * await runBuilder({ ...options, strategy: { makeArtifact: async (task) => rebuildTask(task) } });
 */
export interface BuilderStrategy {
  /**
   * Called once for each release in its commit window. The file or folder must lie in `task.outputFolder`
   * (it is seeded from there); undefined commits to nothing. An error is logged as a `failure` entry.
   */
  makeArtifact(task: BuildTask): Promise<Artifact | undefined>;
  /**
   * Called in the vote window, as long as it gives undefined, for a release that this builder has no commitment
   * to: what a mirror seeds. The builder votes for it without a commitment, which counts for nothing.
   */
  makeLate?(task: LateTask): Promise<Artifact | undefined>;
}

/** One release to make. */
export interface BuildTask {
  /** The release digest (64 hex) and its package URL. */
  readonly release: string;
  readonly package: string;
  readonly recipe: Recipe;
  /** Content-addressed cache of source archives, shared with other builders on this machine. */
  readonly cacheFolder: string;
  /** Empty folder of this release, kept as long as it is seeded. */
  readonly outputFolder: string;
  /** Whether the user trusts releases enough to run them without a sandbox. */
  readonly trusted: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RebuildProgress) => void;
}

/** A release in its vote window, with what others have voted for so far, the most voted first. */
export interface LateTask extends BuildTask {
  readonly votedFor: readonly { readonly infoHashV2: string; readonly builders: readonly string[] }[];
  /** Downloads a voted result from the swarm into `outputFolder`, verified against the infohash. */
  readonly download: (infoHashV2: string) => Promise<Artifact>;
}

/** A file or folder that a builder stands behind. */
export interface Artifact {
  readonly path: string;
  /** The name inside the torrent: the file's, or for a folder the release's name and version. */
  readonly name: string;
}

/** What a rebuild does at the moment. */
export type RebuildProgress =
  | { readonly phase: 'sources'; readonly name: string; readonly cached: boolean }
  | { readonly phase: 'unpack'; readonly name: string }
  | { readonly phase: 'sandbox'; readonly sandboxed: boolean; readonly reason?: string }
  | { readonly phase: 'step'; readonly name: string; readonly number: number; readonly of: number };
