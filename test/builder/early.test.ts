// Nothing of what a builder made is shown while others may still commit, whatever log and publisher say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStatement } from '../../src/statement/index.ts';
import { PACKAGE } from '../client/test-log.ts';
import { closeWindow, entriesOf, making, scene, waitFor } from './scene.ts';

const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

test('a log whose time runs ahead gets no vote: by the builder’s clock the commit window still runs', async (context) => {
  const play = await scene(context, { release: false });
  const { log } = play;
  const recipe = play.recipe();
  const digest = log.release(recipe.bytes, { sources: recipe.sources, commitSeconds: DAY_SECONDS });
  const builder = play.start(making('mine'));
  context.after(() => builder.stop());
  await builder.until('committed');
  log.aheadMs += DAY_MS + 1000;
  log.settle();
  assert.equal(log.tally.releases.get(digest)?.phase, 'voting');
  await builder.until('trouble');
  const told = builder.events.filter(({ event }) => event === 'trouble');
  assert.match(JSON.stringify(told), /by this machine's clock it ends in 14\d\d min/);
  log.register(log.founders[1] ?? assert.fail(), 'again'); // wakes it
  const reads = (): number => log.requests.filter((line) => line === 'GET /checkpoint').length;
  const before = reads();
  await waitFor(() => reads() > before + 2);
  await builder.stop();
  assert.equal(entriesOf(play, 'vote'), 0);
  assert.ok(!builder.events.some(({ event }) => event === 'seeding' || event === 'voted'));
  assert.equal(builder.events.filter(({ event }) => event === 'trouble').length, 1, 'told once');
});

test('a release that is superseded before its close shows nobody what its builders made', async (context) => {
  const play = await scene(context);
  const { log, digest } = play;
  const builder = play.start(making('mine'));
  context.after(() => builder.stop());
  await builder.until('committed');
  const recipe = play.recipe();
  const heir = log.release(recipe.bytes, { sources: recipe.sources, voteSeconds: 61 });
  const predicate = { ...log.bound(), release: digest, by: heir, reason: 'once more' };
  log.append(makeStatement('supersede', { name: PACKAGE, sha256: digest }, predicate), [log.publisher]);
  log.settle();
  await waitFor(() => entriesOf(play, 'commit') === 2);
  assert.ok(!builder.events.some(({ event }) => event === 'seeding'), 'others may still commit to the heir');
  closeWindow(play);
  await builder.until('seeding');
  await builder.stop();
  assert.equal(log.tally.releases.get(heir)?.phase, 'voting');
});
