import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BuilderError, type BuilderStrategy, runBuilder } from '../../src/builder/index.ts';
import { brandBytes, fromHex } from '../../src/bytes/index.ts';
import { generateKey, makeStatement } from '../../src/statement/index.ts';
import { proveIdentity } from '../../src/swarm/index.ts';
import { releaseView } from '../../src/tally/index.ts';
import { sendProblem, TestLog } from '../client/test-log.ts';
import { smallRecipe } from './recipes.ts';
import { ballotOf, closeWindow, entriesOf, making, scene, waitFor } from './scene.ts';

test('a builder rebuilds, commits, votes after close and seeds, and proves whose seeder it is', async (context) => {
  const play = await scene(context);
  const builder = play.start();
  await builder.until('committed');
  assert.deepEqual(ballotOf(play)?.vote, undefined);
  assert.ok(
    !play.log.requests.some((line) => line.startsWith('GET /announce')),
    'nothing is shown before close',
  );
  closeWindow(play);
  await builder.until('seeding');
  const { infoHashV2, output } = ballotOf(play)?.vote ?? {};
  assert.equal(output?.name, 'a.txt');
  assert.equal(output?.sizeBytes, 5);
  const { port } = (await builder.until('listening')) as { port: number };
  const { identity } = await proveIdentity({
    host: '127.0.0.1',
    port,
    infoHash: brandBytes('InfoHashV2', fromHex(infoHashV2 ?? '')),
    signer: generateKey('verifier'),
    signal: AbortSignal.timeout(5000),
  });
  assert.equal(identity, play.key.key);
  const token = play.key.announceToken(play.log.logKey.name);
  await waitFor(() => play.log.requests.some((line) => line.startsWith(`GET /announce/${token}?`)));
  play.log.audit(play.digest, infoHashV2 ?? '', [play.key.key]);
  const own = releaseView(play.log.tally, play.digest)?.builders.find(({ key }) => key === play.key.key);
  assert.equal(own?.status, 'counts', own?.reason);
  closeWindow(play);
  await builder.until('verdict');
  await builder.stop();
  assert.deepEqual(await readdir(join(play.folder, 'data')), ['lock', 'log', 'releases']);
});

test('when founders ask again a builder commits and votes once more, by what it made before', async (context) => {
  const at = await scene(context);
  const { log, digest } = at;
  const running = at.start(making('mine'));
  await running.until('committed');
  closeWindow(at);
  await running.until('voted');
  closeWindow(at);
  await running.until('verdict');
  const bound = { ...log.bound(), release: digest, reason: 'look again' };
  const subject = { name: log.tally.releases.get(digest)?.predicate.package ?? '', sha256: digest };
  log.append(makeStatement('revote', subject, bound), log.founders.slice(0, 2));
  log.settle();
  await waitFor(() => entriesOf(at, 'commit') === 2);
  closeWindow(at);
  await waitFor(() => entriesOf(at, 'vote') === 2);
  assert.equal(running.events.filter(({ event }) => event === 'building').length, 1);
  assert.equal(ballotOf(at)?.equivocationIndex, undefined);
  assert.notEqual(ballotOf(at)?.vote, undefined);
  await running.stop();
});

test('a builder that the log does not know registers first, once', async (context) => {
  const play = await scene(context, { release: false });
  const stranger = generateKey('stranger');
  const run = { ...play, key: stranger };
  const options = {
    tally: play.log.url,
    logKey: play.log.vkey,
    signer: stranger,
    dataFolder: join(play.folder, 'stranger'),
    cacheFolder: join(play.folder, 'cache'),
    listen: { host: '127.0.0.1', port: 0 },
    trusted: true,
  };
  for (let times = 0; times < 2; times += 1) {
    const controller = new AbortController();
    const checkpoints = play.log.requests.length;
    const ended = runBuilder({ ...options, signal: controller.signal });
    await waitFor(
      () => play.log.tally.builders.has(stranger.key) && play.log.requests.length > checkpoints + 2,
    );
    controller.abort();
    await ended;
  }
  assert.equal(entriesOf(run, 'builder'), 1);
});

for (const [name, persists] of [
  ['failed and was not logged', false],
  ['was logged, and the answer was lost', true],
] as const) {
  test(`a commitment whose sending ${name}: after a restart there is still one, and the vote opens it`, async (context) => {
    const play = await scene(context);
    let failures = 0;
    play.log.meddle = (request, response) => {
      if (request.method !== 'POST' || failures > 0) return false;
      failures += 1;
      if (!persists) {
        response.destroy();
        return true;
      }
      response.end = () => response.destroy();
      return false;
    };
    const first = play.start(making('one'));
    await first.until('trouble');
    await first.stop();
    // A builder that forgot and built again would get other bytes here, and commit to them too.
    const second = play.start(making('two'));
    if (!persists) await second.until('committed');
    closeWindow(play);
    await second.until('voted');
    await second.stop();
    assert.equal(failures, 1);
    assert.equal(entriesOf(play, 'commit'), 1);
    assert.equal(ballotOf(play)?.equivocationIndex, undefined);
    assert.equal(ballotOf(play)?.vote?.output.sizeBytes, 3);
  });
}

test('a vote whose answer was lost is not sent as another one, and seeding goes on after a restart', async (context) => {
  const play = await scene(context);
  const first = play.start(making('one'));
  await first.until('committed');
  let lost = 0;
  play.log.meddle = (request, response) => {
    if (request.method !== 'POST' || lost > 0) return false;
    lost += 1;
    response.end = () => response.destroy();
    return false;
  };
  closeWindow(play);
  await first.until('trouble');
  await first.stop();
  const second = play.start(making('two'));
  await second.until('seeding');
  await second.stop();
  assert.equal(lost, 1);
  assert.equal(entriesOf(play, 'vote'), 1);
  assert.ok(!second.events.some(({ event }) => event === 'building' || event === 'voted'));
});

test('a release that cannot be built is told as a failure, once', async (context) => {
  const play = await scene(context);
  const strategy: BuilderStrategy = {
    async makeArtifact() {
      throw new BuilderError('step-failed', 'no\nluck \u001B[31mtoday');
    },
  };
  const first = play.start(strategy);
  await waitFor(() => ballotOf(play)?.failure !== undefined);
  await first.stop();
  assert.equal(ballotOf(play)?.failure?.reason, 'no luck [31mtoday');
  const second = play.start(strategy);
  await second.until('listening');
  closeWindow(play);
  closeWindow(play);
  await second.until('verdict');
  await second.stop();
  assert.equal(entriesOf(play, 'failure'), 1);
});

test('an output that no vote can name is a failure before the commitment, and the builder goes on', async (context) => {
  const play = await scene(context);
  const name = 'soft\u00ADhyphen.txt';
  const builder = play.start({
    async makeArtifact({ outputFolder }) {
      const path = join(outputFolder, name);
      await writeFile(path, 'x');
      return { path, name };
    },
  });
  await Promise.race([builder.until('failed'), builder.until('committed')]);
  await builder.stop();
  assert.deepEqual(
    builder.events.flatMap((event) => (event.event === 'failed' ? [event.reason.slice(0, 42)] : [])),
    ['the vote statement is refused: output.name'],
  );
  assert.equal(ballotOf(play)?.commit, undefined);
});

test('a recipe that says something else than the release is not run', async (context) => {
  const play = await scene(context, { release: false });
  const recipe = Buffer.from(
    smallRecipe({ integrity: `sha512-${'A'.repeat(86)}==` }).replace('small@1', 'other@1'),
  );
  const digest = play.log.release(recipe);
  const builder = play.start();
  await waitFor(() => play.log.tally.releases.get(digest)?.ballots.get(play.key.key)?.failure !== undefined);
  await builder.stop();
  const { reason } = play.log.tally.releases.get(digest)?.ballots.get(play.key.key)?.failure ?? {};
  assert.equal(reason, "the recipe's package is not the release's");
});

test('a recipe that is not there yet, or is another, is asked for again', async (context) => {
  const play = await scene(context);
  let asked = 0;
  play.log.meddle = (request, response) => {
    if (!request.url?.startsWith('/blob/') || asked > 1) return false;
    asked += 1;
    if (asked === 1) sendProblem(response, 404, 'not-found', 'Nothing is here.');
    else response.end('format = 1');
    return true;
  };
  const builder = play.start(making('one'));
  await builder.until('committed');
  await builder.stop();
  assert.equal(builder.events.filter(({ event }) => event === 'trouble').length, 2);
});

test('a builder without a commitment does nothing, unless its strategy makes something late', async (context) => {
  const play = await scene(context);
  const idle: BuilderStrategy = { makeArtifact: async () => undefined };
  const first = play.start(idle);
  await waitFor(async () => (await readdir(join(play.folder, 'data', 'releases'))).length === 1);
  await first.stop();
  const [, other] = play.log.founders;
  assert.ok(other);
  closeWindow(play);
  const second = play.start({ ...idle, makeLate: (task) => making('late').makeArtifact(task) });
  await second.until('seeding');
  await second.stop();
  const own = releaseView(play.log.tally, play.digest)?.builders.find(({ key }) => key === play.key.key);
  assert.match(own?.reason ?? '', /not counted: voted without a commitment before close/);
});

test('a release by a stranger is not built', async (context) => {
  const play = await scene(context, { release: false });
  const recipe = await readFile(new URL('../../examples/noble-hashes/2.0.1.toml', import.meta.url));
  const stranger = new TestLog();
  Object.assign(play.log, { publisher: stranger.publisher });
  play.log.release(recipe);
  const builder = play.start(making('one'));
  await builder.until('listening');
  await waitFor(() => play.log.requests.filter((line) => line === 'GET /checkpoint').length > 1);
  await builder.stop();
  assert.ok(!builder.events.some(({ event }) => event === 'building'));
});

test('a log that shows two histories ends the builder', async (context) => {
  const play = await scene(context);
  const builder = play.start(making('one'));
  await builder.until('committed');
  const reads = (): number => play.log.requests.filter((line) => line.startsWith('GET /tile/')).length;
  const before = reads();
  play.log.register(generateKey('newcomer'), 'newcomer');
  await waitFor(() => reads() > before);
  // It asks for the next checkpoint only once it has counted what it read.
  const looks = (): number => play.log.requests.filter((line) => line === 'GET /checkpoint').length;
  const seen = looks();
  await waitFor(() => looks() > seen);
  play.log.entries.pop();
  await assert.rejects(builder.ended, { code: 'mismatch', message: /rolled back/ });
});
