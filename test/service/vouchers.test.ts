// Monitors vouch for a policy before its day, and proofs show it for ever: after restarts, and from a backup.
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkProof } from '../../src/client/proof/check-proof.ts';
import { Monitor } from '../../src/monitor/index.ts';
import { initTally, type RunningTally, restoreTally, startTally } from '../../src/service/index.ts';
import { generateKey, makeStatement, type PrivateKey, signStatement } from '../../src/statement/index.ts';
import { parsePolicyToml } from '../../src/tally/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ManualClock } from './manual-clock.ts';
import { ask, digestOf, makeCast, policyToml, post, releaseEntry, until } from './tally-fixture.ts';

test('monitors vouch for a policy that takes their place; the tally keeps that over restarts and in backups', async (t) => {
  const folder = temporaryFolder('vouchers');
  const [old, next] = ['old.example', 'next.example'].map((name) => generateKey(name));
  assert.ok(old !== undefined && next !== undefined);
  const cast = makeCast();
  const clock = new ManualClock(Date.now());
  const naming = ({ vkey }: PrivateKey): string =>
    `${policyToml(cast)}\n[monitors]\nquorum = 1\nkeys = ${JSON.stringify([vkey])}\n`;
  const dataFolder = join(folder, 'data');
  await initTally({ dataFolder, policyToml: naming(old), founders: cast.founders.slice(0, 1), clock });
  const first = await startTally({ dataFolder, clock });
  t.after(() => first.close());
  const watch = (name: string, signer: PrivateKey, { url, logKey }: RunningTally): Promise<Monitor> =>
    Monitor.open({ tally: url, logKey, folder: join(folder, name), nowMs: () => clock.nowMs(), signer });
  const published = async ({ url }: RunningTally): Promise<number> =>
    Number(/\n(\d+)\n/.exec(String((await ask(`${url}/checkpoint`)).body['text']))?.[1]);
  const { signal } = new AbortController();

  const release = releaseEntry(cast.publisher, first.origin);
  await post(first, release);
  const { origin } = first;
  const effectiveMs = clock.nowMs() + 14.1 * 86_400_000;
  const said = { origin, timeMs: clock.nowMs(), rules: parsePolicyToml(naming(next)), effectiveMs };
  const statement = makeStatement('policy', { name: 'policy', sha256: '11'.repeat(32) }, said);
  const answer = await post(first, signStatement(statement, cast.founders.slice(0, 1)), '?wait=inclusion');
  assert.equal(answer.status, 201);
  const policy = Number(answer.body['index']);
  const isStated = async (): Promise<boolean> => (await published(first)) > policy + 1;
  clock.advance(1); // a state follows at once
  await until(isStated, (stated) => stated);
  await (await watch('old', old, first)).round(signal);
  assert.deepEqual(await readdir(join(dataFolder, 'vouchers')), [`${policy}.state`]);
  for (let day = 0; day < 15; day += 1) {
    const size = await published(first);
    clock.advance(86_400);
    await until(
      () => published(first),
      (now) => now > size,
    );
  }
  const monitor = await watch('next', next, first);
  await monitor.round(signal);
  assert.deepEqual([...monitor.alarms], []);

  const proofOf = async ({ url, logKey }: RunningTally) => {
    const response = await fetch(`${url}/api/v1/releases/${digestOf(release)}/proof`);
    assert.equal(response.status, 200);
    return checkProof(new Uint8Array(await response.arrayBuffer()), { logKey });
  };
  const isVouched = async (tally: RunningTally): Promise<void> => {
    const { level, monitors, policies, proof } = await proofOf(tally);
    assert.deepEqual([level, monitors.signed], ['proof', ['next.example']]);
    assert.equal(policies.unvouched, undefined);
    assert.deepEqual(
      proof.bundle.earlier?.map(({ values }) => values.map(({ key }) => key)),
      [[`policy:${policy}`]],
    );
  };
  await isVouched(first);
  await first.backup(join(folder, 'backup'));
  const lastHead = new Uint8Array(await (await fetch(`${first.url}/checkpoint`)).arrayBuffer());
  await first.close();

  const again = await startTally({ dataFolder, clock });
  t.after(() => again.close());
  await isVouched(again);
  await again.close();

  await restoreTally({ backup: join(folder, 'backup'), dataFolder: join(folder, 'restored'), lastHead });
  const restored = await startTally({ dataFolder: join(folder, 'restored'), clock });
  t.after(() => restored.close());
  await isVouched(restored);
  await restored.close();

  await rm(join(dataFolder, 'vouchers'), { recursive: true });
  const without = await startTally({ dataFolder, clock });
  t.after(() => without.close());
  const { level, policies } = await proofOf(without);
  assert.deepEqual([level, policies.unvouched], ['tally', policy]);
});
