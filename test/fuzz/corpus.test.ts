// Every fuzz target on the inputs that coverage-guided runs found, and on those that once broke it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TARGETS } from './targets.ts';

const CORPUS = join(import.meta.dirname, 'corpus');

for (const [name, fuzz] of Object.entries(TARGETS)) {
  test(`the fuzz target ${name} holds on its corpus`, () => {
    const folder = join(CORPUS, name);
    const inputs = readdirSync(folder);
    assert.ok(inputs.length > 0, `corpus/${name} is empty`);
    for (const input of inputs) {
      const bytes = readFileSync(join(folder, input));
      try {
        fuzz(new Uint8Array(bytes));
      } catch (cause) {
        throw new Error(`corpus/${name}/${input} breaks the target`, { cause });
      }
    }
  });
}
