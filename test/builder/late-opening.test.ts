// A builder that was away when its commitment should have been opened, and one whose release is taken down.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BuilderEvent } from '../../src/builder/index.ts';
import { brandBytes, fromHex } from '../../src/bytes/index.ts';
import { commitmentOf, generateKey, makeStatement, sha256 } from '../../src/statement/index.ts';
import { proveIdentity } from '../../src/swarm/index.ts';
import { builderView } from '../../src/tally/index.ts';
import { ballotOf, closeWindow, entriesOf, making, type Scene, scene, waitFor } from './scene.ts';

const DAY_MS = 86_400_000;
const OUTPUT = { name: 'small.txt', sizeBytes: 4 };
const SALT = 'cd'.repeat(32);

type Told<Name extends BuilderEvent['event']> = Extract<BuilderEvent, { event: Name }>;

type Away = Scene & { readonly infoHashV2: string };

/** A release on which the builder committed and went away; the two others vote, and the vote window is about to end. */
async function away(context: TestContext, other?: string): Promise<Away> {
  const divergence = {
    clusters: 2,
    share: [3, 5] as [number, number],
    graceDays: 14,
    founderSuspensionDays: 30,
  };
  const play = await scene(context, { rules: { minimumVotes: 2, divergence } });
  const { log, digest, folder } = play;
  const builder = play.start(making('mine'));
  await builder.until('committed');
  await builder.stop();
  const record = JSON.parse(await readFile(join(folder, 'data', 'releases', digest, 'record.json'), 'utf8'));
  const infoHashV2: string = record.infoHashV2;
  const said = other ?? infoHashV2;
  const subject = { name: record.package, sha256: digest };
  const others = log.founders.slice(1);
  for (const key of others) {
    const parts = { origin: log.logKey.name, release: digest, key: key.key, salt: SALT, infoHashV2: said };
    const predicate = { ...log.bound(), release: digest, commitment: commitmentOf(parts, sha256) };
    log.append(makeStatement('commit', subject, predicate), [key]);
  }
  closeWindow(play);
  for (const key of others) {
    const vote = { ...log.bound(), release: digest, salt: SALT, infoHashV2: said, output: OUTPUT };
    log.append(makeStatement('vote', subject, vote), [key]);
    log.audit(digest, said, [key.key]);
  }
  return { ...play, infoHashV2 };
}

/** The verdict, by which the builder has a commitment that it did not open. */
function decided(play: Away): void {
  closeWindow(play);
  assert.equal(play.log.tally.releases.get(play.digest)?.phase, 'final');
  assert.equal(play.log.tally.charges.get(play.key.key)?.size, 1);
}

function told<Name extends BuilderEvent['event']>(events: readonly BuilderEvent[], name: Name): Told<Name>[] {
  return events.filter((event): event is Told<Name> => event.event === name);
}

test('a builder that was away warns with the day, opens its commitment late, once, and keeps its standing', async (context) => {
  const play = await away(context);
  decided(play);
  const { log, digest, key } = play;
  const verdictMs = log.tally.releases.get(digest)?.verdict?.timeMs ?? 0;
  const builder = play.start(making('not asked'));
  const warning = (await builder.until('unopened')) as Told<'unopened'>;
  assert.deepEqual(
    [warning.release, warning.index, warning.dueMs, warning.opens],
    [digest, ballotOf(play)?.commit?.index, verdictMs + 14 * DAY_MS, true],
  );
  const opened = (await builder.until('opened-late')) as Told<'opened-late'>;
  assert.deepEqual([opened.infoHashV2, opened.matches], [play.infoHashV2, true]);
  await builder.until('verdict');
  await builder.stop();
  const again = play.start(making('not asked'));
  await again.until('verdict');
  await again.stop();
  assert.deepEqual(told(again.events, 'unopened'), []);
  assert.deepEqual([entriesOf(play, 'vote'), entriesOf(play, 'commit')], [1, 1]);
  assert.deepEqual([ballotOf(play)?.vote, log.tally.charges.size], [undefined, 0]);
  log.aheadMs += 20 * DAY_MS;
  log.settle();
  assert.equal(builderView(log.tally, key.key)?.standing.stage, 'founder');
});

test('a builder whose data folder is gone says that it cannot open, and what that costs', async (context) => {
  const play = await away(context);
  decided(play);
  const builder = play.start(making('not asked'), join(play.folder, 'new'));
  const warning = (await builder.until('unopened')) as Told<'unopened'>;
  assert.equal(warning.opens, false);
  await waitFor(() => play.log.requests.filter((line) => line === 'GET /checkpoint').length > 4);
  await builder.stop();
  assert.equal(entriesOf(play, 'vote'), 0);
  play.log.aheadMs += 14 * DAY_MS;
  play.log.settle();
  assert.equal(builderView(play.log.tally, play.key.key)?.standing.stage, 'suspended');
});

test('a builder that built something else shows it all the same, and says what it costs', async (context) => {
  const play = await away(context, 'ee'.repeat(32));
  decided(play);
  const builder = play.start(making('not asked'));
  const opened = (await builder.until('opened-late')) as Told<'opened-late'>;
  await builder.stop();
  assert.deepEqual([opened.infoHashV2, opened.matches], [play.infoHashV2, false]);
  assert.match(builderView(play.log.tally, play.key.key)?.diverged?.why ?? '', /opened late/);
});

test('a builder that comes between the end of the window and the verdict opens as soon as there is one', async (context) => {
  const play = await away(context);
  play.log.aheadMs += 61_000; // the log is about to write the verdict
  const builder = play.start(making('not asked'));
  const missed = (await builder.until('missed')) as Told<'missed'>;
  assert.match(missed.reason, /vote window of this release has ended/);
  play.log.settle();
  const opened = (await builder.until('opened-late')) as Told<'opened-late'>;
  await builder.until('verdict');
  await builder.stop();
  assert.deepEqual([opened.matches, play.log.tally.charges.size], [true, 0]);
  assert.equal(ballotOf(play)?.vote, undefined);
});

/** Whether the builder answers for an infohash at its port. */
async function answersFor(port: number, infoHashV2: string): Promise<boolean> {
  const signal = AbortSignal.timeout(5000);
  const infoHash = brandBytes('InfoHashV2', fromHex(infoHashV2));
  const proof = proveIdentity({ host: '127.0.0.1', port, infoHash, signer: generateKey('verifier'), signal });
  return proof.then(
    () => true,
    () => false,
  );
}

test('a takedown ends seeding while the builder runs, once the last release of that output is taken down', async (context) => {
  const play = await scene(context);
  const { log, digest } = play;
  const release = log.tally.releases.get(digest)?.predicate ?? assert.fail();
  const text = Buffer.from(log.blobs.get(release.recipe.sha256) ?? assert.fail()).toString();
  const recipe = Buffer.from(text.replace(release.package, 'pkg:npm/twin@1.0.0'));
  const twin = log.release(recipe, { sources: release.sources, package: 'pkg:npm/twin@1.0.0' });
  const builder = play.start(making('mine'));
  await waitFor(() => told(builder.events, 'committed').length === 2);
  closeWindow(play);
  await waitFor(() => told(builder.events, 'seeding').length === 2);
  closeWindow(play);
  await waitFor(() => told(builder.events, 'verdict').length === 2);
  const [one, two] = told(builder.events, 'seeding').map(({ infoHashV2 }) => infoHashV2);
  assert.ok(one !== undefined && one === two, 'one output, one swarm');
  const { port } = (await builder.until('listening')) as Told<'listening'>;
  const token = play.key.announceToken(log.logKey.name);
  const takeDown = async (about: string): Promise<void> => {
    const name = log.tally.releases.get(about)?.predicate.package ?? '';
    const predicate = { ...log.bound(), release: about, reason: 'unlawful' };
    log.append(makeStatement('takedown', { name, sha256: about }, predicate), [log.publisher]);
    await waitFor(() => told(builder.events, 'stopped').some(({ release: each }) => each === about));
  };
  await takeDown(digest);
  assert.ok(await answersFor(port, one), 'the other release is of the same bytes');
  await takeDown(twin);
  assert.ok(!(await answersFor(port, one)));
  await waitFor(() => log.requests.some((line) => line.includes(token) && line.includes('event=stopped')));
  await builder.stop();
});
