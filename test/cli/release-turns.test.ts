import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeKeyFile } from '../../src/statement/index.ts';
import {
  ask,
  builderEntry,
  digestOf,
  makeCast,
  PACKAGE,
  post,
  releaseEntry,
  runTally,
  until,
} from '../service/tally-fixture.ts';
import { runCommand } from './run-command.ts';

const RECIPE = new URL('../../examples/noble-hashes/2.0.1.toml', import.meta.url).pathname;

test('publishers and founders turn a release from the command line, and everybody reads why', async (t) => {
  const cast = makeCast(3);
  const tally = await runTally(t, cast);
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-turns-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  await writeKeyFile(file('publisher'), cast.publisher);
  for (const [at, founder] of cast.founders.entries()) {
    await writeKeyFile(file(`founder-${at}`), founder);
    assert.equal((await post(tally, builderEntry(founder, tally.origin))).status, 201);
  }
  const read = ['--tally', tally.url, '--log-key', tally.logKey, '--state', file('state')];
  const first = releaseEntry(cast.publisher, tally.origin);
  const newer = releaseEntry(cast.publisher, tally.origin, { package: 'pkg:npm/%40noble/hashes@2.0.2' });
  for (const envelope of [first, newer]) assert.equal((await post(tally, envelope)).status, 201);
  const stateOf = async () => (await ask(`${tally.url}/api/v1/releases/${digestOf(first)}`)).body;
  await until(stateOf, ({ state }) => state === 'failed');

  const turn = (kind: string, key: string, ...more: string[]) =>
    runCommand('release', kind, PACKAGE, '--key', file(key), '--reason', `a ${kind}`, ...more, ...read);
  const refused = await turn('revote', 'publisher');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /a revote is asked for by as many founders as sign a policy/);
  const revote = await turn('revote', 'founder-0');
  assert.equal(revote.code, 0, revote.stderr);
  assert.match(revote.stdout, new RegExp(`^revote +${digestOf(first)}\nentry +\\d+\n$`));
  const again = await until(stateOf, ({ state, round }) => round === 1 && state === 'failed');
  assert.equal((again['earlier'] as unknown[]).length, 1);

  const superseded = await turn('supersede', 'publisher', '--by', digestOf(newer));
  assert.equal(superseded.code, 0, superseded.stderr);
  const shown = await runCommand('release', 'show', PACKAGE, ...read);
  assert.match(shown.stdout, /^state +superseded/m);
  assert.match(shown.stdout, /^because +a supersede \(entry \d+\)$/m);

  assert.equal((await turn('takedown', 'founder-1')).code, 0);
  const { state, ended } = await stateOf();
  assert.deepEqual([state, (ended as { reason: string }).reason], ['taken down', 'a takedown']);
  const why = await runCommand('explain', digestOf(first), ...read);
  assert.match(why.stdout, /^why +taken down \(entry \d+\): a takedown$/m);
  const got = await runCommand('get', digestOf(first), '--full', '--out', file('out'), ...read);
  assert.equal(got.code, 3);
  assert.match(got.stderr, /it is taken down \(entry \d+: a takedown\)/);
});

test('an urgent release is published with founders beside the publisher', async (t) => {
  const cast = makeCast(3);
  const tally = await runTally(t, cast);
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-urgent-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  await writeKeyFile(file('publisher'), cast.publisher);
  for (const [at, founder] of cast.founders.entries()) await writeKeyFile(file(`founder-${at}`), founder);
  const publish = (...founders: string[]) =>
    runCommand(
      '--json',
      'release',
      'publish',
      RECIPE,
      '--key',
      file('publisher'),
      '--urgent-by',
      ...founders.map(file),
      '--tally',
      tally.url,
      '--log-key',
      tally.logKey,
      '--state',
      file('state'),
    );
  const one = await publish('founder-0');
  assert.equal(one.code, 1);
  assert.match(one.stderr, /signed by 2 founders beside its publisher, and 1 signed/);
  const two = await publish('founder-0', 'founder-1');
  assert.equal(two.code, 0, two.stderr);
  const { release, commitSeconds } = JSON.parse(two.stdout);
  assert.equal(commitSeconds, 7200, 'the floor of urgent releases');
  const { body } = await ask(`${tally.url}/api/v1/releases/${release}`);
  assert.equal(body['urgent'], true);
});
