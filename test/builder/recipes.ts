import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext } from 'node:test';
import { parseRecipe, type Recipe, rebuild } from '../../src/builder/index.ts';
import { craftArchive, putInCache } from './archive.ts';

/** A folder that goes when the test ends. */
export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-builder-'));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 })); // what still writes there is ended by a later hook
  return folder;
}

export interface SmallRecipe {
  readonly integrity: string;
  /** JavaScript of the one step, which runs as `node make.mjs …` in the build folder. */
  readonly script?: string;
  readonly args?: readonly string[];
  readonly output?: string;
  readonly extra?: string;
}

/** A recipe in TOML with one source (unpacked to `source`), one file and one step. */
export function smallRecipe({
  integrity,
  script = '',
  args = [],
  output = 'out/a.txt',
  extra = '',
}: SmallRecipe) {
  return `
format = 1
package = "pkg:npm/small@1.0.0"
platform = "any"
output = ${JSON.stringify(output)}
sourceDateEpoch = 1
${extra}
[tools]
node = 20
[[sources]]
name = "small"
npm = "small@1.0.0"
integrity = "${integrity}"
unpack = "source"
[[files]]
path = "make.mjs"
text = ${JSON.stringify(script)}
[[steps]]
name = "make"
run = ${JSON.stringify(['node', 'make.mjs', ...args])}
`;
}

export const BOTH_WAYS = ['when-there', 'never'] as const;

/** Runs a script as the one step of a recipe in a fresh folder; `leftovers` is what the output folder then holds. */
export async function runScript(
  context: TestContext,
  small: Omit<SmallRecipe, 'integrity'>,
  options: {
    sandbox?: (typeof BOTH_WAYS)[number];
    trusted?: boolean;
    signal?: AbortSignal;
    /** More TOML at the recipe's end. */
    files?: string;
  } = {},
): Promise<{
  folder: string;
  result: ReturnType<typeof rebuild>;
  leftovers: () => Promise<string[]>;
  recipe: Recipe;
}> {
  const folder = await temporaryFolder(context);
  const cacheFolder = join(folder, 'cache');
  const integrity = await putInCache(
    cacheFolder,
    craftArchive([{ path: 'package/hello.txt', content: 'hello' }]),
  );
  const recipe = parseRecipe(`${smallRecipe({ ...small, integrity })}${options.files ?? ''}`);
  const outputFolder = join(folder, 'output');
  const result = rebuild(recipe, {
    cacheFolder,
    outputFolder,
    trusted: options.trusted ?? true,
    sandbox: options.sandbox ?? 'never',
    signal: options.signal ?? new AbortController().signal,
  });
  result.catch(() => {}); // looked at by the test itself
  return { folder, result, recipe, leftovers: () => readdir(outputFolder).catch(() => []) };
}
