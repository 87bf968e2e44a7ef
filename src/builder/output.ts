import type { Dirent } from 'node:fs';
import { chmod, lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BuilderError } from './errors.ts';
import { RECIPE_LIMITS } from './limits.ts';
import type { Recipe } from './recipe.ts';

const MIB = 1024 * 1024;

/**
 * Checks what the steps left at the recipe's output: a regular file, or a folder of regular files, within its
 * limits, and reached without any link; sets their modes to 0644 or, for executables, 0755. Returns its path on the host and its name in the torrent (the file's own;
 * for a folder the release's name and version). Throws `bad-output` or `limit`.
 */
export async function inspectOutput(
  recipe: Recipe,
  buildFolder: string,
): Promise<{ path: string; name: string }> {
  let path = buildFolder;
  for (const element of recipe.output.split('/')) {
    path = join(path, element);
    const found = await lstat(path).catch(() => undefined); // absent: said below
    if (found === undefined) {
      throw new BuilderError(
        'bad-output',
        `the steps made no ${recipe.output}: check the recipe's output and steps`,
      );
    }
    if (found.isSymbolicLink()) {
      throw new BuilderError(
        'bad-output',
        `${recipe.output} is reached through a link, which no output may be`,
      );
    }
  }
  const budget = { bytes: recipe.limits.outputMiB * MIB, files: RECIPE_LIMITS.outputFiles };
  await walk(path, recipe, budget);
  const isFile = (await lstat(path)).isFile();
  return { path, name: isFile ? basename(path) : releaseFolderName(recipe.package) };
}

async function walk(path: string, recipe: Recipe, budget: { bytes: number; files: number }): Promise<void> {
  const found = await lstat(path);
  if (found.isDirectory()) {
    await chmod(path, 0o755);
    for (const name of await readdir(path)) await walk(join(path, name), recipe, budget);
    return;
  }
  if (!found.isFile() || found.nlink > 1) {
    const what = found.isFile() ? 'a file with several names (hard links)' : 'a link, device or socket';
    throw new BuilderError(
      'bad-output',
      `the output holds ${JSON.stringify(basename(path))}, ${what}: pack it`,
    );
  }
  await chmod(path, (found.mode & 0o100) === 0 ? 0o644 : 0o755); // no set-user-id, nothing else but "executable"
  budget.bytes -= found.size;
  budget.files -= 1;
  if (budget.bytes < 0) {
    throw new BuilderError('limit', `the output is larger than outputMiB = ${recipe.limits.outputMiB}`);
  }
  if (budget.files < 0) {
    throw new BuilderError('limit', `the output has more than ${RECIPE_LIMITS.outputFiles} files: pack it`);
  }
}

/**
 * Bytes below a folder, counted until they exceed `most`; files that vanish meanwhile count for nothing. Names are
 * taken as bytes. Throws `limit` for a folder that cannot be looked into: closed to its owner, or nested too deep.
 */
export async function folderBytes(folder: string, most: number): Promise<number> {
  let bytes = 0;
  const waiting: Buffer[] = [Buffer.from(folder)];
  for (let next = waiting.pop(); next !== undefined && bytes <= most; next = waiting.pop()) {
    for (const entry of await entriesOf(next)) {
      const path = Buffer.concat([next, Buffer.from('/'), entry.name]);
      if (entry.isDirectory()) waiting.push(path);
      else bytes += (await lstat(path).catch(() => undefined))?.size ?? 0; // it vanished meanwhile
    }
  }
  return bytes;
}

async function entriesOf(folder: Buffer): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return []; // it vanished meanwhile
    throw new BuilderError('limit', `it made a folder whose size cannot be told (${code})`, { cause: error });
  }
}

/** The torrent's name for a release that is a folder: name and version of its package URL, made canonical. */
function releaseFolderName(purl: string): string {
  const [, rest = ''] = /^pkg:[^/]+\/([^?#]+)/.exec(purl) ?? [];
  const at = rest.lastIndexOf('@');
  const last = rest.slice(0, at).split('/').at(-1) ?? '';
  const name = `${decodeURIComponent(last)}-${decodeURIComponent(rest.slice(at + 1))}`;
  return name.replaceAll(/[^A-Za-z0-9._+~-]/g, '_');
}
