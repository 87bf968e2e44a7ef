import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultCacheFolder, parseRecipe, rebuild } from '../../src/builder/index.ts';
import { temporaryFolder } from '../builder/recipes.ts';
import { needs } from '../support/needs.ts';

/** SHA-256 of the tarballs on the registry. */
const PUBLISHED = {
  '2.0.1': '638ffb3053a7e7478c9e54a6e297f3601299ee570a41112e501af7050d086a0a',
  '1.8.0': 'e8a765d92c04faaccba8776411c5038cb195f812ee629fce07e1d2e6aec80ea0',
} as const;

for (const [version, sha256] of Object.entries(PUBLISHED)) {
  for (const sandbox of ['when-there', 'never'] as const) {
    const skip = sandbox === 'when-there' && needs('bubblewrap');
    test(`@noble/hashes ${version} is rebuilt bit for bit, sandbox: ${sandbox}`, {
      skip,
    }, async (context) => {
      const recipeFile = new URL(`../../examples/noble-hashes/${version}.toml`, import.meta.url);
      const rebuilt = await rebuild(parseRecipe(await readFile(recipeFile, 'utf8')), {
        cacheFolder: defaultCacheFolder(process.env),
        outputFolder: join(await temporaryFolder(context), 'output'),
        trusted: sandbox === 'never',
        sandbox,
        signal: new AbortController().signal,
      });
      const digest = createHash('sha256')
        .update(await readFile(rebuilt.path))
        .digest('hex');
      assert.equal(digest, sha256);
      assert.equal(rebuilt.name, `noble-hashes-${version}.tgz`);
      assert.equal(rebuilt.sandboxed, sandbox === 'when-there');
    });
  }
}
