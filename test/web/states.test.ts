import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseView } from '../../src/tally/index.ts';
import { circumstancesOf, endWords } from '../../web/src/view/circumstances.ts';
import { runningWindow, stateLabel, stateSentence, stateTone } from '../../web/src/view/state.ts';
import { timelineOf } from '../../web/src/view/timeline.ts';
import { all, COMMIT_SECONDS, hexOf, rulesWith, SECOND, World } from '../tally/world.ts';

const honest = hexOf('honest build');

/** What the dashboard gets of a release, without seeders. */
function detail(world: World, digest: string) {
  const view = releaseView(world.tally, digest);
  assert.ok(view !== undefined);
  return { ...view, seeders: {}, magnets: {} };
}

test('every state that the count gives has a label, a tone, a sentence and a place on the timeline', () => {
  const world = World.founded(
    rulesWith({
      urgent: { founders: 2, commitFloorSeconds: 1, voteFloorSeconds: 1, provisionalClusters: 3 },
    }),
  );
  const seen = new Map<string, string>();
  const look = (digest: string) => {
    const release = detail(world, digest);
    seen.set(release.state, stateSentence(release));
    assert.notEqual(stateTone(release.state), 'unknown');
    assert.match(stateTone(release.state), /^[a-z-]+$/);
    assert.equal(timelineOf(release, world.nowMs).length, 4);
    return release;
  };
  const urgent = world.urgent();
  look(urgent);
  world.pass(SECOND);
  look(urgent);
  for (const number of [0, 1, 2]) world.commit(number, urgent, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  look(urgent);
  for (const number of [0, 1, 2]) world.vote(number, urgent, honest);
  world.audit(urgent, honest, 0, 1, 2);
  const provisional = look(urgent);
  assert.match(stateSentence(provisional), /^Urgent, and not decided: 3 founders and elders/);
  assert.equal(runningWindow(provisional)?.words, 'Voting ends within');
  world.verdict(urgent);
  look(urgent);
  const failed = world.opened({ package: 'pkg:npm/%40noble/failed@1.0.0' });
  world.pass(COMMIT_SECONDS * SECOND);
  world.verdict(failed);
  look(failed);
  const rival = world.release({ recipe: { sha256: hexOf('rival'), sizeBytes: 1 } });
  look(rival);
  const newer = world.opened({ package: 'pkg:npm/%40noble/hashes@2.0.2' });
  for (const old of [failed, urgent]) world.supersede(old, newer);
  assert.match(stateSentence(look(failed)), /It has no winner/);
  assert.match(stateSentence(look(urgent)), /Before that, 3 of the 5 builders/);
  world.takedown(urgent);
  assert.equal(stateLabel(look(urgent).state), 'Taken down');
  assert.deepEqual([...seen.keys()].sort(), [
    'announced',
    'committing',
    'contested',
    'failed',
    'final',
    'provisional',
    'superseded',
    'taken down',
    'voting',
  ]);
  assert.ok(![...seen.values()].some((sentence) => sentence.includes('does not know')));
});

test('what ended a release, its lane, its rounds and who drew its panel are told', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  world.verdict(release);
  world.revote(release);
  world.pass(SECOND);
  const words = circumstancesOf(detail(world, release));
  assert.match(
    words[0] ?? '',
    /^The founders asked again: this is round 2; the verdict before was final \(entry \d+\)\.$/,
  );
  assert.equal(words[1], 'The log’s own entry drew the panel; no witnesses are named.');
  const { index } = world.takedown(release);
  const { ended } = detail(world, release);
  assert.ok(ended !== undefined);
  assert.equal(
    endWords(ended),
    `The publisher or the founders took this release down (entry ${index}), saying`,
  );
});
