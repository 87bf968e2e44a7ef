import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { fromUtf8 } from '../../src/bytes/index.ts';
import { encodeStatement, KINDS } from '../../src/statement/index.ts';
import { GOOD, made } from './samples.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the published schemas are those of the code, one a kind', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/schemas.ts', '--check'], { cwd: ROOT });
  assert.equal(status, 0, String(stderr));
});

for (const kind of KINDS) {
  test(`docs/schemas/${kind}.v1.json takes a good statement, and none of another kind, with a key more or less`, () => {
    const schema = JSON.parse(readFileSync(join(ROOT, `docs/schemas/${kind}.v1.json`), 'utf8'));
    const published = z.fromJSONSchema(schema);
    const good = JSON.parse(fromUtf8(encodeStatement(made(kind))));
    const isTaken = (statement: unknown) => published.safeParse(statement).success;
    assert.equal(isTaken(good), true, z.prettifyError(published.safeParse(good).error ?? new z.ZodError([])));
    for (const other of KINDS) {
      if (other === kind) continue;
      assert.equal(isTaken({ ...good, predicateType: `bitquorum:${other}/v1` }), false);
    }
    assert.equal(isTaken({ ...good, predicate: { ...good.predicate, extra: 1 } }), false);
    assert.equal(isTaken({ ...good, predicate: { ...good.predicate, origin: 'two words' } }), false);
    for (const key of Object.keys(GOOD[kind].predicate)) {
      const { [key]: _, ...less } = good.predicate;
      const mayMiss = schema.properties.predicate.properties[key].default !== undefined;
      assert.equal(isTaken({ ...good, predicate: less }), mayMiss, key);
    }
  });
}
