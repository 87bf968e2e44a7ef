import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BuilderError, parseRecipe } from '../../src/builder/index.ts';
import { smallRecipe } from './recipes.ts';

const INTEGRITY = `sha512-${'A'.repeat(86)}==`;
const good = smallRecipe({ integrity: INTEGRITY, script: 'x' });

test('a recipe is read with its defaults', () => {
  const recipe = parseRecipe(good);
  assert.equal(recipe.profile, 'hybrid');
  assert.deepEqual(recipe.limits, { seconds: 600, memoryMiB: 2048, diskMiB: 1024, outputMiB: 256 });
  assert.deepEqual(recipe.steps, [{ name: 'make', cwd: '.', run: ['node', 'make.mjs'] }]);
  assert.deepEqual(recipe.environment, {});
});

const REFUSED: readonly [name: string, from: string | RegExp, to: string, words: RegExp][] = [
  ['not TOML', 'format = 1', 'format = ', /^recipe line 2, column/],
  ['another format', 'format = 1', 'format = 2', /line 2: format must be 1/],
  ['an unknown key', 'platform', 'plattform', /plattform|platform/],
  [
    'an unknown key of a source',
    'unpack = "source"',
    'unpack = "source"\nbranch = "x"',
    /line \d+: sources\[0\].branch is not known/,
  ],
  [
    'a range for a version',
    'small@1.0.0"\nint',
    'small@^1.0.0"\nint',
    /line \d+: sources\[0\].npm must be NAME@VERSION/,
  ],
  ['a tag for a version', 'npm = "small@1.0.0"', 'npm = "small@latest"', /sources\[0\].npm/],
  ['a URL for a package', 'npm = "small@1.0.0"', 'npm = "https://host.invalid/a.tgz"', /sources\[0\].npm/],
  ['a folder for a package', 'npm = "small@1.0.0"', 'npm = "../small@1.0.0"', /sources\[0\].npm/],
  ['an option for a package', 'npm = "small@1.0.0"', 'npm = "--globalconfig=x@1.0.0"', /sources\[0\].npm/],
  ['an alias', 'npm = "small@1.0.0"', 'npm = "small@npm:other@1.0.0"', /sources\[0\].npm/],
  [
    'a weak digest',
    INTEGRITY,
    'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    /sources\[0\].integrity must be "sha512-"/,
  ],
  [
    'a parent folder',
    'unpack = "source"',
    'unpack = "../source"',
    /sources\[0\].unpack has the element "\.\."/,
  ],
  ['an absolute folder', 'unpack = "source"', 'unpack = "/etc"', /sources\[0\].unpack is absolute/],
  ['a backslash', 'unpack = "source"', String.raw`unpack = 'a\b'`, /sources\[0\].unpack holds a character/],
  ['a device name', 'path = "make.mjs"', 'path = "con.txt"', /files\[0\].path .* device name/],
  ['a parent in the output', 'out/a.txt', 'out/../../a.txt', /line \d+: output has the element/],
  ['a bidi control', 'out/a.txt', 'out/\u202Etxt.a', /output holds a character/],
  ['another program', '["node"', '["sh"', /steps\[0\].run\[0\] must begin with "node"/],
  ['too many arguments', '["node",', `["node",${'"a",'.repeat(64)}`, /steps\[0\].run has more than 64/],
  ['a shell string', '["node","make.mjs"]', '"node make.mjs"', /steps\[0\].run/],
  ['a variable that loads code', '[tools]', '[environment]\nLD_PRELOAD = "x"\n[tools]', /LD_PRELOAD/],
  [
    'a variable that the builder sets',
    '[tools]',
    '[environment]\nSOURCE_DATE_EPOCH = "1"\n[tools]',
    /SOURCE_DATE_EPOCH/,
  ],
  ['too long a time', '[tools]', '[limits]\nseconds = 99999999\n[tools]', /line \d+: limits.seconds/],
  ['a package without a version', 'small@1.0.0"\nplat', 'small"\nplat', /package must be a package URL/],
  [
    'two files at one place',
    '[[steps]]',
    '[[files]]\npath = "MAKE.mjs"\ntext = ""\n[[steps]]',
    /files\[1\].path is there twice/,
  ],
  ['no steps', /\[\[steps\]\][^]*$/, '', /steps/],
];

for (const [name, from, to, words] of REFUSED) {
  test(`refused: ${name}`, () => {
    const toml = good.replace(from, () => to);
    assert.notEqual(toml, good, 'the case must change the recipe');
    assert.throws(
      () => parseRecipe(toml),
      (error) => error instanceof BuilderError && error.code === 'bad-recipe' && words.test(error.message),
    );
  });
}

test('refused: a recipe beyond its size', () => {
  assert.throws(() => parseRecipe(`# ${'x'.repeat(70_000)}`), { code: 'bad-recipe' });
});

test('refused: tables nested without end, without a crash', () => {
  assert.throws(() => parseRecipe(`a = ${'['.repeat(20_000)}`), { code: 'bad-recipe' });
  assert.throws(() => parseRecipe(`[${'a.'.repeat(20_000)}b]`), { code: 'bad-recipe' });
});

test('any change of a recipe is read or refused by name, never a crash', () => {
  fc.assert(
    fc.property(fc.nat(good.length), fc.nat(40), fc.string({ maxLength: 20 }), (at, length, text) => {
      try {
        parseRecipe(good.slice(0, at) + text + good.slice(at + length));
      } catch (error) {
        assert.ok(error instanceof BuilderError, String(error));
        assert.equal(error.code, 'bad-recipe');
      }
    }),
    { numRuns: 500 },
  );
});
