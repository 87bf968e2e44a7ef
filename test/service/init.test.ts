import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { initTally, startTally } from '../../src/service/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { makeCast, makeData, policyToml } from './tally-fixture.ts';

test('init makes a private folder and key, and refuses a folder that is in use', async () => {
  const cast = makeCast();
  const dataFolder = await makeData(cast);
  assert.equal((await stat(dataFolder)).mode & 0o777, 0o700);
  assert.equal((await stat(path.join(dataFolder, 'log.key'))).mode & 0o777, 0o600);
  const options = { policyToml: policyToml(cast), founders: cast.founders };
  await assert.rejects(initTally({ ...options, dataFolder }), { code: 'data-exists' });
});

test('init leaves nothing behind when the policy is refused', async () => {
  const cast = makeCast();
  const folder = path.dirname(await makeData(cast));
  const other = { policyToml: policyToml(cast), dataFolder: path.join(folder, 'other') };
  await assert.rejects(initTally({ ...other, founders: [generateKey('stranger')] }), {
    code: 'wrong-signer',
  });
  await assert.rejects(initTally({ ...other, founders: [], policyToml: 'name = 1' }), { code: 'bad-policy' });
  assert.deepEqual(await readdir(folder), ['data']);
  await assert.rejects(startTally({ dataFolder: other.dataFolder }), { code: 'data-missing' });
});

test('one process at a time runs a data folder', async (t) => {
  const dataFolder = await makeData(makeCast());
  const tally = await startTally({ dataFolder });
  t.after(() => tally.close());
  await assert.rejects(startTally({ dataFolder }), { code: 'in-use' });
  await assert.rejects(
    startTally({
      dataFolder: await makeData(makeCast()),
      listen: { port: Number(new URL(tally.url).port) },
    }),
    { code: 'bad-address' },
  );
});

test('an abort ends it cleanly, and the folder runs again', async () => {
  const dataFolder = await makeData(makeCast());
  const stop = new AbortController();
  const tally = await startTally({ dataFolder, signal: stop.signal });
  stop.abort();
  await tally.ended;
  await assert.rejects(fetch(tally.url));
  const again = await startTally({ dataFolder });
  await again.close();
  await again.ended;
});
