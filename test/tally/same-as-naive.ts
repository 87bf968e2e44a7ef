// Holds a count against the naive recount of the same entries.
import assert from 'node:assert/strict';
import { builderViews } from '../../src/tally/index.ts';
import type { NaiveCount } from './naive-count.ts';
import type { World } from './world.ts';

function note(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

export function compareLives(world: World, naive: NaiveCount, seen: Map<string, number>): void {
  const views = builderViews(world.tally);
  assert.deepEqual(views.map(({ key }) => key).sort(), [...naive.lives.all()].sort());
  for (const { key, standing, tenure, diverged, unopened } of views) {
    assert.equal(standing.eligible, naive.lives.isEligibleNow(key), standing.reason);
    assert.deepEqual(
      { builds: tenure.builds, canaries: tenure.canaries, activeDays: tenure.activeDays },
      naive.lives.tenure(key),
    );
    if (standing.stage === 'eligible' || standing.stage === 'elder') note(seen, 'eligible newcomer');
    assert.deepEqual(unopened.map(({ release }) => release).sort(), naive.lives.unopened(key).sort());
    if (diverged !== undefined) note(seen, 'diverged');
    if (diverged?.why.includes('opened late')) note(seen, 'opened late to something else');
    if (diverged?.why.includes('never opened')) note(seen, 'never opened');
    if (unopened.length > 0) note(seen, 'not opened yet');
  }
  const canaries = [...world.tally.canaries.values()].map(({ digest, variant, members, phase }) => ({
    digest,
    variant,
    members,
    state: phase,
  }));
  const again = naive
    .canaries()
    .map(({ poll, variant, members, state }) => ({ digest: poll.digest, variant, members, state }));
  const byDigest = (left: { digest: string }, right: { digest: string }) =>
    left.digest < right.digest ? -1 : 1;
  assert.deepEqual(canaries.sort(byDigest), again.sort(byDigest));
  for (const { state } of canaries) note(seen, `canary ${state}`);
}

export function compareRelease(
  world: World,
  digest: string,
  naive: NaiveCount,
  seen: Map<string, number>,
): void {
  const view = world.view(digest);
  const again = naive.release(digest);
  note(seen, again.state);
  assert.equal(view.state === 'superseded' ? 'failed' : view.state, again.state);
  assert.deepEqual(view.panel, again.panel);
  assert.equal(view.winner, again.winner);
  const counted = view.builders.filter(
    ({ status, infoHashV2 }) => status === 'counts' && infoHashV2 !== undefined,
  );
  assert.deepEqual(new Map(counted.map(({ key, voteIndex }) => [key, voteIndex])), new Map(again.counted));
  const contradicted = view.builders.filter(({ reason }) => reason.includes('logged two different'));
  assert.deepEqual(contradicted.map(({ key }) => key).sort(), [...again.equivocated].sort());
  if (view.builders.some(({ reason }) => reason.includes('opened only after'))) note(seen, 'opened late');
  if (['final', 'contested', 'failed'].includes(again.state)) {
    const dissent = view.builders.filter(({ reason }) => reason.startsWith('counts as dissent'));
    assert.deepEqual(dissent.map(({ key }) => key).sort(), [...again.unopened].sort());
  }
  assert.equal(
    view.groups.reduce((sum, group) => sum + group.counted, 0),
    again.counted.size,
  );
}
