// Holds a count against the naive recount of the same entries.
import assert from 'node:assert/strict';
import { builderViews } from '../../src/tally/index.ts';
import type { NaiveCount } from './naive-count.ts';
import type { World } from './world.ts';

export function compareLives(world: World, naive: NaiveCount, seen: Map<string, number>): void {
  const note = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const views = builderViews(world.tally);
  assert.deepEqual(views.map(({ key }) => key).sort(), [...naive.lives.all()].sort());
  for (const { key, standing, tenure, diverged } of views) {
    assert.equal(standing.eligible, naive.lives.isEligibleNow(key), standing.reason);
    assert.deepEqual(
      { builds: tenure.builds, canaries: tenure.canaries, activeDays: tenure.activeDays },
      naive.lives.tenure(key),
    );
    if (standing.stage === 'eligible' || standing.stage === 'elder') note('eligible newcomer');
    if (diverged !== undefined) note('diverged');
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
  for (const { state } of canaries) note(`canary ${state}`);
}

export function compareRelease(
  world: World,
  digest: string,
  naive: NaiveCount,
  seen: Map<string, number>,
): void {
  const view = world.view(digest);
  const again = naive.release(digest);
  seen.set(again.state, (seen.get(again.state) ?? 0) + 1);
  assert.equal(view.state === 'superseded' ? 'failed' : view.state, again.state);
  assert.deepEqual(view.panel, again.panel);
  assert.equal(view.winner, again.winner);
  const counted = view.builders.filter(
    ({ status, infoHashV2 }) => status === 'counts' && infoHashV2 !== undefined,
  );
  assert.deepEqual(new Map(counted.map(({ key, voteIndex }) => [key, voteIndex])), new Map(again.counted));
  const contradicted = view.builders.filter(({ reason }) => reason.includes('logged two different'));
  assert.deepEqual(contradicted.map(({ key }) => key).sort(), [...again.equivocated].sort());
  if (['final', 'contested', 'failed'].includes(again.state)) {
    const dissent = view.builders.filter(({ reason }) => reason.startsWith('counts as dissent'));
    assert.deepEqual(dissent.map(({ key }) => key).sort(), [...again.unopened].sort());
  }
  assert.equal(
    view.groups.reduce((sum, group) => sum + group.counted, 0),
    again.counted.size,
  );
}
