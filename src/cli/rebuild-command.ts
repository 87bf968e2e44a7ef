import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { defaultCacheFolder, parseRecipe, type RebuildProgress, rebuild } from '../builder/index.ts';
import { toHex } from '../bytes/index.ts';
import { createTorrent } from '../torrent/index.ts';
import { contextOf } from './context.ts';
import { ofFile } from './of-file.ts';
import type { Output } from './output.ts';
import { readSmallText } from './read-small.ts';

interface RebuildArguments {
  readonly out: string;
  readonly cache: string;
  readonly trustRelease?: boolean;
}

/** Adds `bitquorum rebuild RECIPE`. */
export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild')
    .description('rebuild a release from its recipe, here and now, and show what it would be voted as')
    .argument('<recipe>', 'recipe file (TOML)')
    .option('--out <dir>', 'folder for the result', '.')
    .option('--cache <dir>', 'where source archives are kept', defaultCacheFolder(process.env))
    .option('--trust-release', 'run the steps without a sandbox where there is none')
    .action(rebuildAction);
}

async function rebuildAction(recipeFile: string, args: RebuildArguments, command: Command): Promise<void> {
  const { output, signal } = contextOf(command);
  const text = await readSmallText(recipeFile, 'recipe', signal);
  const recipe = ofFile(recipeFile, () => parseRecipe(text));
  const { path, name, sandboxed } = await rebuild(recipe, {
    cacheFolder: args.cache,
    outputFolder: resolve(args.out),
    trusted: args.trustRelease ?? false,
    signal,
    onProgress: (progress) => output.say(progressWords(progress, output)),
  });
  const { metainfo } = await createTorrent(path, { profile: recipe.profile, name, signal });
  const sha256 = (await stat(path)).isFile()
    ? createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    : undefined;
  const infoHashV2 = toHex(metainfo.infoHashV2);
  output.result(
    {
      package: recipe.package,
      path,
      sizeBytes: metainfo.sizeBytes,
      ...(sha256 !== undefined && { sha256 }),
      infoHashV2,
      sandboxed,
    },
    [
      `file      ${path}`,
      ...(sha256 === undefined ? [] : [`sha256    ${sha256}`]),
      `infohash  ${infoHashV2}`,
    ].join('\n'),
  );
}

/** One line about a rebuild's progress. */
export function progressWords(progress: RebuildProgress, { colors }: Pick<Output, 'colors'>): string {
  switch (progress.phase) {
    case 'sources':
      return colors.dim(`source ${progress.name}: ${progress.cached ? 'in the cache' : 'to be fetched'}`);
    case 'unpack':
      return colors.dim(`unpacking ${progress.name}`);
    case 'sandbox':
      return progress.sandboxed
        ? colors.dim('sandbox: bubblewrap, no network')
        : colors.yellow(`no sandbox (${progress.reason ?? ''}): the steps run with your account's rights`);
    case 'step':
      return `step ${progress.number} of ${progress.of}: ${progress.name}`;
  }
}
