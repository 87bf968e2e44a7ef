import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { formatTilePath } from '../../src/merkle/index.ts';
import {
  ask,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  PACKAGE,
  post,
  releaseEntry,
  runTally,
  until,
} from '../service/tally-fixture.ts';
import { hexOf } from '../tally/world.ts';
import { runCommand } from './run-command.ts';

test('explain says of a release, a package and a builder why, each with the entry that proves it', async (t) => {
  const cast = makeCast(3);
  const tally = await runTally(t, cast, { windowSeconds: 60 });
  const { origin } = tally;
  for (const founder of cast.founders)
    assert.equal((await post(tally, builderEntry(founder, origin))).status, 201);
  const envelope = releaseEntry(cast.publisher, origin, { windowSeconds: 60 });
  const release = digestOf(envelope);
  assert.equal((await post(tally, envelope)).status, 201);
  await until(
    async () => (await ask(`${tally.url}/api/v1/releases/${release}`)).body['state'],
    (state) => state === 'committing',
  );
  const [first] = cast.founders;
  assert.ok(first !== undefined);
  const committed = await post(tally, ballot(first, origin, release, hexOf('honest')).commit());
  const entry = Number(committed.body['index']);
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-explain-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const read = ['--tally', tally.url, '--log-key', tally.logKey, '--state', join(folder, 'state')];

  const words = await runCommand('explain', release, ...read);
  assert.equal(words.code, 0, words.stderr);
  assert.match(words.stdout, /^why +committing: opened \(entry \d+\); commitments are taken until /m);
  assert.match(
    words.stdout,
    new RegExp(`builder-0 \\([0-9a-f]{8}\\) waiting: committed \\(entry ${entry}\\)`),
  );
  assert.match(words.stdout, /builder-1 \([0-9a-f]{8}\) waiting: has not committed yet$/m);
  assert.match(words.stdout, /^panel +3 seats, drawn by the log's own entry, which its operator chose$/m);

  const byName = JSON.parse((await runCommand('--json', 'explain', PACKAGE, ...read)).stdout);
  assert.deepEqual(
    [byName.kind, byName.releases.length, byName.releases[0].release.digest],
    ['package', 1, release],
  );
  assert.match(byName.why, /^the name stands for release [0-9a-f]{64} \(entry \d+\), which is committing/);

  const builder = JSON.parse((await runCommand('--json', 'explain', first.key, ...read)).stdout);
  assert.deepEqual([builder.kind, builder.builder.operator], ['builder', 'builder-0']);
  assert.match(builder.why, /^eligible: a founder by the policy \(entry 0\)/);
  assert.match(builder.releases[0].reason, new RegExp(`entry ${entry}\\)`));

  const nobody = await runCommand('explain', 'pkg:npm/left-pad@1.0.0', ...read);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /knows no release, package or builder "pkg:npm\/left-pad@1\.0\.0"/);

  const copy = join(folder, 'copy');
  const size = await copyLog(tally.url, copy);
  const offline = await runCommand('explain', 'builder-1', '--log', copy, '--log-key', tally.logKey);
  assert.equal(offline.code, 0, offline.stderr);
  assert.match(
    offline.stdout,
    new RegExp(`^log +test\\.invalid/log, ${size} entries checked and counted$`, 'm'),
  );
  await rm(join(copy, 'tile'), { recursive: true });
  const broken = await runCommand('explain', 'builder-1', '--log', copy, '--log-key', tally.logKey);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /is not there: copy the log's files whole/);
});

/** Copies a small log's files as it serves them; the checkpoint's size. */
async function copyLog(url: string, folder: string): Promise<number> {
  const text = String((await ask(`${url}/checkpoint`)).body['text']);
  const size = Number(text.split('\n')[1]);
  const path = formatTilePath({ level: 'entries', index: 0, width: size });
  const bundle = await fetch(`${url}/${path}`);
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), Buffer.from(await bundle.arrayBuffer()));
  await writeFile(join(folder, 'checkpoint'), text);
  return size;
}
