import assert from 'node:assert/strict';
import { mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatAddCheckpoint, generateCosigner, startWitness } from '../../src/witness/index.ts';
import { pagesOf, spoil } from '../support/spoil.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ALog } from './a-log.ts';
import { ask, send } from './scene.ts';

test('a witness whose file fails cosigns nothing more and ends, so that somebody starts it anew', async (t) => {
  const log = new ALog();
  log.grow(10);
  const dataFolder = temporaryFolder('witness');
  const options = { dataFolder, cosigners: [generateCosigner('w', 'ed25519')], logs: [log.key.vkey] };
  const first = await startWitness(options);
  assert.equal((await ask(first.url, log, 0, 9)).status, 200);
  await first.close();
  await first.ended;
  const pages = pagesOf(join(dataFolder, 'witness.sqlite'), 'fork');
  const witness = await startWitness(options);
  t.after(() => witness.close());
  await spoil(pages);
  const fork = formatAddCheckpoint({ oldSize: 9, proof: [], note: log.lie(9, new Uint8Array(32)).note });
  assert.equal((await send(witness.url, fork)).status, 500);
  await assert.rejects(witness.ended, { name: 'WitnessError', code: 'bad-state' });
  await assert.rejects(ask(witness.url, log, 9, 10), /fetch failed/);
});

test('a witness whose file lost all it held is not taken for a new one', async () => {
  const log = new ALog();
  log.grow(3);
  const dataFolder = temporaryFolder('witness');
  const options = { dataFolder, cosigners: [generateCosigner('w', 'ed25519')], logs: [log.key.vkey] };
  const first = await startWitness(options);
  assert.equal((await ask(first.url, log, 0, 3)).status, 200);
  await first.close();
  const path = join(dataFolder, 'witness.sqlite');
  await truncate(path);
  await assert.rejects(startWitness(options), { code: 'bad-state', message: /witness\.sqlite is empty/ });
  await rm(path);
  await mkdir(path);
  await assert.rejects(startWitness(options), { code: 'bad-state', message: /witness\.sqlite is no file/ });
});
