import { mkdtemp, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { makeFolders } from '../files/index.ts';
import { BuilderError } from './errors.ts';
import { inspectOutput } from './output.ts';
import type { Recipe, RecipeSource } from './recipe.ts';
import { removeTree } from './remove-tree.ts';
import { findSandbox, type Sandbox } from './sandbox.ts';
import { loadSources } from './sources.ts';
import { runStep } from './step.ts';
import type { Artifact, RebuildProgress } from './strategy.ts';
import { TreeWriter } from './tree-writer.ts';
import { readArchive } from './unpack.ts';

export interface RebuildOptions {
  /** Content-addressed cache of source archives; may be shared by several builders. */
  readonly cacheFolder: string;
  /** Where the result is put, under its own name; what stands there is replaced only by a whole result. */
  readonly outputFolder: string;
  /** Run the steps without a sandbox where there is none. Only for releases that the user trusts. */
  readonly trusted?: boolean;
  /** `never`: do not use a sandbox even where there is one (then `trusted` must be true). */
  readonly sandbox?: 'when-there' | 'never';
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

/** A rebuilt artifact, and whether its steps ran inside the sandbox. */
export interface Rebuilt extends Artifact {
  readonly sandboxed: boolean;
}

/** What a file system answers to odd names, depths and modes; a full or broken disk answers otherwise. */
const FAULTS_OF_NAMES: ReadonlySet<string | undefined> = new Set(
  'EACCES EPERM ENOENT EEXIST ENOTDIR EISDIR ELOOP ENAMETOOLONG EILSEQ EINVAL ENOTEMPTY'.split(' '),
);

/**
 * Rebuilds a release by its recipe, in an empty folder, with a fixed environment, without network where the
 * sandbox allows. Sources are checked against their pinned digests first. Throws {@link BuilderError}:
 * `mismatch` (a source is not what is pinned), `not-trusted` (no sandbox and no trust), `step-failed`, `limit`,
 * `bad-output` and the others. Whatever happens, nothing but a whole result is left in `outputFolder`.
 *
 * @example
 * const { path } = await rebuild(parseRecipe(text), { cacheFolder, outputFolder, signal });
 */
export async function rebuild(recipe: Recipe, options: RebuildOptions): Promise<Rebuilt> {
  requireFitHost(recipe);
  const sandbox = await chooseSandbox(options);
  const archives = await loadSources(recipe.sources, options);
  await makeFolders(options.outputFolder);
  const work = await mkdtemp(join(options.outputFolder, '.rebuild-'));
  try {
    const buildFolder = join(work, 'build');
    await fillBuildFolder(recipe, archives, buildFolder, options);
    const deadline = performance.now() + recipe.limits.seconds * 1000;
    for (const [index, step] of recipe.steps.entries()) {
      options.onProgress?.({ phase: 'step', name: step.name, number: index + 1, of: recipe.steps.length });
      await runStep(recipe, step, { sandbox, buildFolder, work, deadline, signal: options.signal });
    }
    const made = await inspectOutput(recipe, buildFolder);
    const path = join(options.outputFolder, made.name);
    await removeTree(path);
    await rename(made.path, path);
    return { path, name: made.name, sandboxed: sandbox !== undefined };
  } catch (error) {
    throw faultOfRelease(error);
  } finally {
    await removeTree(work);
  }
}

/**
 * What the file system says to names and folders that a recipe or its steps made is the release's fault, not this
 * machine's, and must not end a builder. Paths of this machine stay out of the message: it may be published.
 */
function faultOfRelease(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof BuilderError || syscall === undefined || !FAULTS_OF_NAMES.has(code)) return error;
  return new BuilderError(
    'bad-output',
    `the recipe or its steps made files that cannot be handled here (${code} at ${syscall}): check names, depth and modes`,
    { cause: error },
  );
}

function requireFitHost(recipe: Recipe): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < recipe.tools.node) {
    throw new BuilderError(
      'unfit-host',
      `the recipe asks for Node ${recipe.tools.node} or newer; this is ${major}`,
    );
  }
  if (!fitsPlatform(recipe.platform)) {
    throw new BuilderError('unfit-host', `the recipe is for ${recipe.platform}; this is ${hostPlatform()}`);
  }
}

/** Whether a release's platform ("any" or such as "linux/amd64") is this machine's. */
export function fitsPlatform(platform: string): boolean {
  return platform === 'any' || platform === hostPlatform();
}

/** This machine as platforms are written: `linux/amd64`, `darwin/arm64`, `windows/amd64`. */
export function hostPlatform(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}/${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

/**
 * The sandbox to run in, or undefined when the user trusts the release enough to do without. Throws `not-trusted`
 * when there is neither.
 */
export async function chooseSandbox(
  options: Pick<RebuildOptions, 'sandbox' | 'trusted' | 'signal' | 'onProgress'>,
): Promise<Sandbox | undefined> {
  const found =
    options.sandbox === 'never' ? { missing: 'it was turned off' } : await findSandbox(options.signal);
  if (!('missing' in found)) {
    options.onProgress?.({ phase: 'sandbox', sandboxed: true });
    return found;
  }
  if (options.trusted !== true) {
    throw new BuilderError(
      'not-trusted',
      `no sandbox: ${found.missing}. Install bubblewrap, or say --trust-release if you trust this release's ` +
        'sources and tools with all that your account may do',
    );
  }
  options.onProgress?.({ phase: 'sandbox', sandboxed: false, reason: found.missing });
  return undefined;
}

async function fillBuildFolder(
  recipe: Recipe,
  archives: ReadonlyMap<string, Uint8Array>,
  buildFolder: string,
  options: RebuildOptions,
): Promise<void> {
  const writer = new TreeWriter(buildFolder, options.signal);
  for (const source of recipe.sources) {
    options.onProgress?.({ phase: 'unpack', name: source.name });
    const files = await readArchive(source.name, archives.get(source.name) ?? new Uint8Array());
    for (const file of files) {
      if (isWanted(source, file.path)) {
        await writer.write(`${source.unpack}/${file.path}`, file.bytes, file.executable ? 0o755 : 0o644);
      }
    }
  }
  for (const file of recipe.files) await writer.write(file.path, file.text, 0o644);
  writer.folder(dirname(recipe.output));
}

function isWanted(source: RecipeSource, path: string): boolean {
  return source.only?.some((wanted) => path === wanted || path.startsWith(`${wanted}/`)) ?? true;
}
