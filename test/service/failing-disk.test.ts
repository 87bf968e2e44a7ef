// A disk that fails under a running tally: whoever meets it first, the service ends, and does not go on half alive.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTally } from '../../src/service/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { pagesOf, spoil } from '../support/spoil.ts';
import { ask, builderEntry, makeCast, makeData, policyToml, post } from './tally-fixture.ts';

test('a tally whose store fails while somebody reads a blob ends, and says why', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(cast);
  const pages = pagesOf(join(dataFolder, 'log.sqlite'), 'blobs');
  const tally = await startTally({ dataFolder });
  t.after(() => tally.close());
  await spoil(pages);
  const digest = createHash('sha256').update(policyToml(cast)).digest('hex');
  assert.equal((await ask(`${tally.url}/blob/${digest}`)).status, 500);
  await assert.rejects(tally.ended, { name: 'StoreError', code: 'failed' });
  await assert.rejects(post(tally, builderEntry(generateKey('b'), tally.origin)), /fetch failed/);
});
