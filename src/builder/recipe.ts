import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { BuilderError } from './errors.ts';
import { RECIPE_LIMITS } from './limits.ts';
import { pathFault } from './paths.ts';

/** An exact npm version of a named package: never a range, a tag, a URL, a file or an option. */
const NPM_SPEC =
  /^(?:@[a-z0-9~][a-z0-9._~-]{0,100}\/)?[a-z0-9~][a-z0-9._~-]{0,100}@\d{1,10}\.\d{1,10}\.\d{1,10}(?:-[0-9A-Za-z.-]{1,60})?(?:\+[0-9A-Za-z.-]{1,60})?$/;
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
const PURL = /^pkg:[a-z][a-z0-9.+-]*\/[A-Za-z0-9._~%+/-]+@[A-Za-z0-9._~%+:-]+(?:\?[A-Za-z0-9._~%+=&-]+)?$/;
/** Variables that the builder itself sets, or that would load code into a step's program. */
const KEPT_VARIABLES =
  /^(?:PATH|HOME|TMPDIR|PWD|TZ|LC_.*|LANG|LANGUAGE|SOURCE_DATE_EPOCH|NODE_.*|LD_.*|DYLD_.*|BASH_ENV|ENV|IFS)$/;

const count = (most: number) => z.int().min(1).max(most);
const text = z.string().max(RECIPE_LIMITS.argumentLength).refine(hasNoNul, 'holds a NUL character');
const path = z.string().superRefine((value, context) => {
  const fault = pathFault(value);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});
const folder = z.union([z.literal('.'), path]);

const source = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-"'),
  npm: z.string().regex(NPM_SPEC, 'must be NAME@VERSION with an exact version, such as typescript@5.9.2'),
  integrity: z.string().regex(SHA512, 'must be "sha512-" and 88 characters of base64'),
  unpack: path,
  only: z.array(path).min(1).max(RECIPE_LIMITS.onlyPaths).optional(),
});
const file = z.strictObject({ path, text: z.string().max(RECIPE_LIMITS.recipeBytes) });
const step = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _-]{0,59}$/, 'must be letters, digits, spaces, "-" or "_"'),
  cwd: folder.default('.'),
  run: z
    .tuple([z.literal('node', 'must begin with "node", the one tool of format 1')], text)
    .check((context) => {
      if (context.value.length > RECIPE_LIMITS.stepArguments) {
        context.issues.push({
          code: 'custom',
          input: context.value,
          message: `has more than ${RECIPE_LIMITS.stepArguments} arguments`,
        });
      }
    }),
});

const recipe = z.strictObject({
  format: z.literal(1, 'must be 1: this version of bitquorum reads no other'),
  package: z
    .string()
    .max(512)
    .regex(PURL, 'must be a package URL with a version: pkg:npm/%40scope/name@1.2.3'),
  platform: z
    .string()
    .regex(/^(?:any|[a-z0-9]{1,20}\/[a-z0-9]{1,20})$/, 'must be "any" or such as "linux/amd64"'),
  profile: z.enum(['hybrid', 'v2'], 'must be "hybrid" or "v2"').default('hybrid'),
  output: path,
  sourceDateEpoch: z.int().min(0).max(4_102_444_800),
  tools: z.strictObject({ node: z.int().min(20).max(99) }),
  limits: z
    .strictObject({
      seconds: count(RECIPE_LIMITS.seconds).default(600),
      memoryMiB: count(RECIPE_LIMITS.memoryMiB).default(2048),
      diskMiB: count(RECIPE_LIMITS.diskMiB).default(1024),
      outputMiB: count(RECIPE_LIMITS.outputMiB).default(256),
    })
    .prefault({}),
  environment: z.record(variable(), text).default({}),
  sources: z.array(source).min(1).max(RECIPE_LIMITS.sources),
  files: z.array(file).max(RECIPE_LIMITS.files).default([]),
  steps: z.array(step).min(1).max(RECIPE_LIMITS.steps),
});

/** How to make one release from its sources: the content of a recipe file, format 1 (see `examples/`). */
export type Recipe = z.output<typeof recipe>;
/** One pinned input of a recipe. */
export type RecipeSource = z.output<typeof source>;
/** One program run of a recipe: an argument array, never a shell's string. */
export type RecipeStep = z.output<typeof step>;

/**
 * Reads a recipe (TOML, format 1). Strict: unknown keys, ranges and tags in place of versions, weak digests and
 * paths that leave the build folder are refused; the error (`bad-recipe`) names the key, its line and what to do.
 */
export function parseRecipe(toml: string): Recipe {
  if (toml.length > RECIPE_LIMITS.recipeBytes) {
    throw new BuilderError('bad-recipe', `the recipe is longer than ${RECIPE_LIMITS.recipeBytes} characters`);
  }
  const result = recipe.safeParse(parseToml(toml));
  if (!result.success) throw new BuilderError('bad-recipe', describe(toml, result.error.issues[0]));
  requireDistinct(
    toml,
    'sources',
    'name',
    result.data.sources.map(({ name }) => name),
  );
  requireDistinct(
    toml,
    'sources',
    'unpack',
    result.data.sources.map(({ unpack }) => unpack),
  );
  requireDistinct(
    toml,
    'files',
    'path',
    result.data.files.map((each) => each.path),
  );
  return result.data;
}

function parseToml(toml: string): unknown {
  try {
    return parse(toml, { maxDepth: 8 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = 'is not TOML'] = error.message.split('\n');
    throw new BuilderError('bad-recipe', `recipe line ${error.line}, column ${error.column}: ${first}`, {
      cause: error,
    });
  }
}

function requireDistinct(toml: string, table: string, key: string, values: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    const folded = value.normalize('NFC').toLowerCase();
    if (seen.has(folded)) {
      throw new BuilderError(
        'bad-recipe',
        at(toml, [table, index, key], 'is there twice: give each its own'),
      );
    }
    seen.add(folded);
  }
}

function describe(toml: string, issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'the recipe is not valid';
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0] ?? ''];
    return at(toml, path, 'is not known in format 1: take it out, or check its spelling');
  }
  return at(toml, issue.path, issue.message);
}

/** "recipe line 12: sources[1].integrity …"; without the line when the key is not written in the text. */
function at(toml: string, path: readonly PropertyKey[], words: string): string {
  const key = path.reduce<string>(
    (left, part) =>
      typeof part === 'number' ? `${left}[${part}]` : left === '' ? String(part) : `${left}.${String(part)}`,
    '',
  );
  const line = lineOf(toml, path);
  return `recipe${line === undefined ? '' : ` line ${line}`}: ${key || 'the whole'} ${words}`;
}

/** The line of a key in TOML written the usual way: `[table]`, `[[array]]` headers and `key =` lines. */
function lineOf(toml: string, path: readonly PropertyKey[]): number | undefined {
  const [table, second, third] = path.map(String);
  if (table === undefined) return undefined;
  const nested = typeof path[1] === 'number' ? third : second;
  const wantedNth = typeof path[1] === 'number' ? path[1] : 0;
  let current = '';
  let nth = -1;
  let header: number | undefined;
  for (const [index, line] of toml.split('\n').entries()) {
    const opened = /^\s*\[\[?\s*([\w-]+)\s*\]\]?/.exec(line)?.[1];
    if (opened !== undefined) {
      current = opened;
      if (opened === table) nth += 1;
      if (opened === table && nth === wantedNth) header = index + 1;
      if (opened === table && nested === undefined) return index + 1;
      continue;
    }
    const key = /^\s*"?([\w-]+)"?\s*=/.exec(line)?.[1];
    if (current === '' && key === table) return index + 1;
    if (current === table && nth === wantedNth && key === nested) return index + 1;
  }
  return header;
}

function variable() {
  return z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be a name of letters, digits and "_"')
    .refine((name) => !KEPT_VARIABLES.test(name), 'is set by the builder itself, or loads code: take it out');
}

function hasNoNul(value: string): boolean {
  return !value.includes('\0');
}
