import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { BuilderError } from './errors.ts';
import { folderBytes, inspectOutput } from './output.ts';
import { lastLines, runProcess } from './process.ts';
import type { Recipe, RecipeSource, RecipeStep } from './recipe.ts';
import { findSandbox, type Sandbox, sandboxArguments } from './sandbox.ts';
import { loadSources } from './sources.ts';
import type { Artifact, RebuildProgress } from './strategy.ts';
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

const MIB = 1024 * 1024;
/** Sets the umask and forbids core dumps, then becomes the program given as arguments. No data is in this text. */
const LAUNCHER = 'umask 022; ulimit -c 0; exec "$@"';

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
  await mkdir(options.outputFolder, { recursive: true });
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
    await rm(path, { recursive: true, force: true });
    await rename(made.path, path);
    return { path, name: made.name, sandboxed: sandbox !== undefined };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
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

async function chooseSandbox(options: RebuildOptions): Promise<Sandbox | undefined> {
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
  await mkdir(buildFolder, { recursive: true });
  const writer = new TreeWriter(buildFolder);
  for (const source of recipe.sources) {
    options.signal.throwIfAborted();
    options.onProgress?.({ phase: 'unpack', name: source.name });
    const files = await readArchive(source.name, archives.get(source.name) ?? new Uint8Array());
    for (const file of files) {
      if (isWanted(source, file.path)) {
        await writer.write(`${source.unpack}/${file.path}`, file.bytes, file.executable ? 0o755 : 0o644);
      }
    }
  }
  for (const file of recipe.files) await writer.write(file.path, file.text, 0o644);
  await writer.folder(dirname(recipe.output));
}

function isWanted(source: RecipeSource, path: string): boolean {
  return source.only?.some((wanted) => path === wanted || path.startsWith(`${wanted}/`)) ?? true;
}

/** Writes files below a folder that held nothing before; two files at one place are an error. */
class TreeWriter {
  readonly #root: string;
  readonly #made = new Set<string>(['.']);

  constructor(root: string) {
    this.#root = root;
  }

  async write(path: string, content: string | Uint8Array, mode: number): Promise<void> {
    await this.folder(dirname(path));
    const target = join(this.#root, path);
    try {
      await writeFile(target, content, { flag: 'wx', mode });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new BuilderError('bad-recipe', `two sources or files of the recipe are to be at ${path}`, {
        cause: error,
      });
    }
    await chmod(target, mode); // whatever this process's umask is
  }

  async folder(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    await this.folder(dirname(path));
    await mkdir(join(this.#root, path), { mode: 0o755 });
    await chmod(join(this.#root, path), 0o755);
    this.#made.add(path);
  }
}

interface StepPlace {
  readonly sandbox: Sandbox | undefined;
  readonly buildFolder: string;
  readonly work: string;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

async function runStep(recipe: Recipe, step: RecipeStep, place: StepPlace): Promise<void> {
  const { command, args, env } = await commandOf(recipe, step, place);
  const most = recipe.limits.diskMiB * MIB;
  const watch = async (): Promise<string | undefined> =>
    (await folderBytes(place.work, most)) > most ? `it filled diskMiB = ${recipe.limits.diskMiB}` : undefined;
  const result = await runProcess(command, args, {
    cwd: place.sandbox === undefined ? join(place.buildFolder, step.cwd) : place.buildFolder,
    env,
    signal: place.signal,
    timeoutSeconds: Math.max(0.001, (place.deadline - performance.now()) / 1000),
    watch,
  });
  place.signal.throwIfAborted();
  const tooMuch = result.reason ?? (await watch());
  if (result.ended === 'timeout') {
    throw new BuilderError(
      'limit',
      `step "${step.name}" was stopped: the steps took more than seconds = ${recipe.limits.seconds}`,
    );
  }
  if (tooMuch !== undefined) throw new BuilderError('limit', `step "${step.name}" was stopped: ${tooMuch}`);
  if (result.code !== 0) {
    const words = lastLines(result.tail, 20) || '(it printed nothing)';
    throw new BuilderError(
      'step-failed',
      `step "${step.name}" ended with ${result.code ?? 'a signal'}:\n${words}`,
    );
  }
}

async function commandOf(
  recipe: Recipe,
  step: RecipeStep,
  place: StepPlace,
): Promise<{ command: string; args: string[]; env: Record<string, string> }> {
  const [, ...args] = step.run;
  const env: Record<string, string> = {
    ...recipe.environment,
    SOURCE_DATE_EPOCH: String(recipe.sourceDateEpoch),
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    NODE_OPTIONS: `--max-old-space-size=${recipe.limits.memoryMiB}`,
  };
  if (place.sandbox !== undefined) {
    const inside = sandboxArguments(place.sandbox, place.buildFolder, step.cwd, env, args);
    return { ...launched([place.sandbox.program, ...inside]), env: {} };
  }
  const home = join(place.work, 'home');
  const temporary = join(place.work, 'tmp');
  for (const folder of [home, temporary]) await mkdir(folder, { recursive: true });
  const path = process.platform === 'win32' ? (process.env['PATH'] ?? '') : '/usr/bin:/bin';
  return {
    ...launched([process.execPath, ...args]),
    env: { ...env, PATH: path, HOME: home, TMPDIR: temporary },
  };
}

/** Starts a program under the fixed umask, by the launcher where there is a POSIX shell. */
function launched(command: readonly [string, ...string[]]): { command: string; args: string[] } {
  const [program, ...args] = command;
  if (process.platform === 'win32') return { command: program, args };
  return { command: '/bin/sh', args: ['-c', LAUNCHER, 'sh', program, ...args] };
}
