/** Every bound on what a recipe may ask for and on what a rebuild takes from outside, in one place. */
export const RECIPE_LIMITS = {
  /** Bytes of the recipe's TOML text (a blob of the tally is at most 1 MiB). */
  recipeBytes: 65_536,
  /** Sources (as many as a release statement holds), files and steps of one recipe. */
  sources: 8,
  files: 64,
  steps: 32,
  /** Arguments of one step, and UTF-16 units of one argument or one environment value. */
  stepArguments: 64,
  argumentLength: 4096,
  environmentVariables: 64,
  /** UTF-16 units and elements of a path inside the build folder. */
  pathLength: 255,
  pathDepth: 16,
  /** Entries of `only` of one source. */
  onlyPaths: 256,
  /** The most that `[limits]` may allow. */
  seconds: 6 * 3600,
  memoryMiB: 65_536,
  diskMiB: 65_536,
  outputMiB: 4096,
  /** Bytes of one source archive as fetched, and unpacked. */
  archiveBytes: 256 * 1024 * 1024,
  unpackedBytes: 1024 * 1024 * 1024,
  /** Entries of one source archive. */
  archiveEntries: 200_000,
  /** Files in the output when it is a folder. */
  outputFiles: 100_000,
} as const;
