/** Rebuilds releases from their recipes; publishes them; runs a builder that commits, votes and seeds. */
export { announceUrlOf } from './announce-url.ts';
export type { BuilderEvent } from './builder-event.ts';
export { defaultCacheFolder } from './cache-folder.ts';
export { revokeBuilder, rotateKey } from './change-key.ts';
export { BuilderError } from './errors.ts';
export { publishRelease, readRecipe } from './publish.ts';
export { rebuild } from './rebuild.ts';
export { parseRecipe, type Recipe } from './recipe.ts';
export { runBuilder } from './run.ts';
export { loadSources } from './sources.ts';
export type { Artifact, BuilderStrategy, BuildTask, RebuildProgress } from './strategy.ts';
export { type Turn, turnRelease } from './turn-release.ts';
