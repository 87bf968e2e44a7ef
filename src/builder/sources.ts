import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders, replaceSharedFile } from '../files/index.ts';
import { BuilderError } from './errors.ts';
import { RECIPE_LIMITS } from './limits.ts';
import { fetchByNpm } from './npm.ts';
import type { RecipeSource } from './recipe.ts';
import type { RebuildProgress } from './strategy.ts';

export interface SourceOptions {
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

/**
 * The archives of `sources` by name, each checked against its `integrity` just before it is handed out. What the
 * cache lacks is fetched by npm in one go. The cache is content-addressed (`<cacheFolder>/sha512/<hex>`) and may
 * be shared by several processes: files appear by rename only, and what does not fit its name is dropped and fetched
 * again. Throws `mismatch` when what npm fetched is not what the recipe pins.
 */
export async function loadSources(
  sources: readonly RecipeSource[],
  options: SourceOptions,
): Promise<Map<string, Uint8Array>> {
  const loaded = new Map<string, Uint8Array>();
  const missing: RecipeSource[] = [];
  for (const source of sources) {
    options.signal.throwIfAborted();
    const bytes = await readCached(options.cacheFolder, source.integrity);
    options.onProgress?.({ phase: 'sources', name: source.name, cached: bytes !== undefined });
    if (bytes === undefined) missing.push(source);
    else loaded.set(source.name, bytes);
  }
  if (missing.length > 0) await fetchMissing(missing, loaded, options);
  return loaded;
}

async function fetchMissing(
  missing: readonly RecipeSource[],
  loaded: Map<string, Uint8Array>,
  { cacheFolder, signal }: SourceOptions,
): Promise<void> {
  await makeFolders(cacheFolder);
  const folder = await mkdtemp(join(cacheFolder, 'fetch-'));
  try {
    await fetchByNpm([...new Set(missing.map(({ npm }) => npm))], folder, signal);
    const arrived = new Map<string, Uint8Array>();
    for (const name of await readdir(folder)) {
      const bytes = await readCapped(join(folder, name));
      arrived.set(integrityOf(bytes), bytes);
    }
    for (const source of missing) {
      const bytes = arrived.get(source.integrity);
      if (bytes === undefined) throw mismatch(source, [...arrived.keys()]);
      await storeCached(cacheFolder, source.integrity, bytes);
      loaded.set(source.name, bytes);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mismatch(source: RecipeSource, arrived: readonly string[]): BuilderError {
  return new BuilderError(
    'mismatch',
    `source ${source.name}: ${source.npm} as npm fetched it is not what the recipe pins: expected ` +
      `${source.integrity}, got ${arrived.join(', ') || 'nothing'}. Do not use it: check the registry that npm ` +
      'is set to use, and the recipe',
  );
}

/** A cached archive that fits its name; whatever else stands at its place is removed, and fetched again. */
async function readCached(cacheFolder: string, integrity: string): Promise<Uint8Array | undefined> {
  const path = cachePath(cacheFolder, integrity);
  const bytes = await readRegular(path);
  if (bytes !== undefined && integrityOf(bytes) === integrity) return bytes;
  await rm(path, { recursive: true, force: true });
  return undefined;
}

/**
 * The bytes of a regular file of no more than an archive may have, else undefined. Others may write to the cache: no
 * link is followed, and no pipe is waited for.
 */
async function readRegular(path: string): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    const found = await file.stat();
    return found.isFile() && found.size <= RECIPE_LIMITS.archiveBytes ? await file.readFile() : undefined;
  } finally {
    await file.close();
  }
}

async function storeCached(cacheFolder: string, integrity: string, bytes: Uint8Array): Promise<void> {
  await makeFolders(join(cacheFolder, 'sha512'));
  await replaceSharedFile(cachePath(cacheFolder, integrity), bytes, 0o644);
}

async function readCapped(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > RECIPE_LIMITS.archiveBytes) {
    throw new BuilderError(
      'limit',
      `${path} has ${size} bytes; an archive may have ${RECIPE_LIMITS.archiveBytes}`,
    );
  }
  return readFile(path);
}

function cachePath(cacheFolder: string, integrity: string): string {
  const hex = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
  return join(cacheFolder, 'sha512', hex);
}

function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}
