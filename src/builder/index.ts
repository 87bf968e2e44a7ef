/** Rebuilds releases from their recipes; runs a builder that commits, votes and seeds. */
export type { BuilderEvent } from './builder-event.ts';
export { defaultCacheFolder } from './cache-folder.ts';
export { BuilderError } from './errors.ts';
export { type Published, publishRelease } from './publish.ts';
export { fitsPlatform, hostPlatform, type RebuildOptions, type Rebuilt, rebuild } from './rebuild.ts';
export { parseRecipe, type Recipe } from './recipe.ts';
export { type BuilderOptions, runBuilder } from './run.ts';
export { loadSources } from './sources.ts';
export type { Artifact, BuilderStrategy, BuildTask, LateTask, RebuildProgress } from './strategy.ts';
