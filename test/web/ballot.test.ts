import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReleaseDetail, ReleaseState } from '../../web/src/api/types.ts';
import { ballotOf, ballotWords, groupBallot, seatsOf, stretchesOf } from '../../web/src/view/ballot.ts';
import { inReadingOrder, runningWindow, stateSentence } from '../../web/src/view/state.ts';
import { timelineOf } from '../../web/src/view/timeline.ts';
import { BACKDOOR, demoLog, HONEST, releaseIn, worldOf } from './support/world.ts';

const world = worldOf(demoLog());
const kinds = (release: ReleaseDetail): string =>
  seatsOf(ballotOf(release))
    .map(({ kind }) => kind[0])
    .join('');

describe('the panel as seats', () => {
  it('lets the largest group grow from the left and others from the right', () => {
    assert.equal(kinds(releaseIn(world, 'final')), 'wwwed');
    assert.equal(kinds(releaseIn(world, 'voting')), 'llsed');
    assert.equal(kinds(releaseIn(world, 'committing')), 'sssee');
    assert.equal(kinds(releaseIn(world, 'contested')), 'lledd');
    assert.equal(kinds(releaseIn(world, 'failed')), 'leeee');
  });

  it('marks the seat with which quorum is reached, whatever group it is', () => {
    const seats = seatsOf(ballotOf(releaseIn(world, 'final')));
    assert.deepEqual(
      seats.map(({ quorum }) => quorum),
      [false, false, true, false, false],
    );
  });

  it('gives a commitment that was never opened to dissent', () => {
    const failed = releaseIn(world, 'failed');
    const builders = failed.builders.map((builder, index) =>
      index === 1
        ? { key: builder.key, operator: '', status: 'counts' as const, reason: 'never opened' }
        : builder,
    );
    assert.equal(kinds({ ...failed, builders }), 'leeed');
  });

  it('draws one group alone, and never more seats than there are', () => {
    const final = releaseIn(world, 'final');
    assert.deepEqual(groupBallot(final, HONEST, 3).runs, [
      { kind: 'winner', count: 3 },
      { kind: 'empty', count: 2 },
    ]);
    assert.deepEqual(groupBallot(final, BACKDOOR, 0).runs, [{ kind: 'empty', count: 5 }]);
    const odd = { ...final, panel: [], quorum: 0 };
    assert.equal(seatsOf(ballotOf(odd)).length, 4);
  });

  it('fills a bar exactly, with the quorum where it stands', () => {
    const { stretches, quorumAt } = stretchesOf(ballotOf(releaseIn(world, 'final')));
    assert.equal(quorumAt, 0.6);
    let end = 0;
    for (const stretch of stretches) {
      assert.equal(stretch.start, end);
      end = stretch.start + stretch.length;
    }
    assert.equal(end, 1);
    const none = stretchesOf({ seats: 0, quorum: 3, runs: [] });
    assert.deepEqual(none, { stretches: [], quorumAt: 1 });
  });

  it('says the same in words', () => {
    assert.equal(
      ballotWords(ballotOf(releaseIn(world, 'final'))),
      'Of 5 seats: 3 agree on the winner, 1 without a vote, 1 in another group. Quorum is 3.',
    );
  });
});

describe('a release in words', () => {
  it('has a sentence for every state, with the numbers of the count', () => {
    assert.match(stateSentence(releaseIn(world, 'final')), /^3 of the 5 builders/);
    assert.match(stateSentence(releaseIn(world, 'voting')), /has 2 votes; it needs 3/);
    assert.match(stateSentence(releaseIn(world, 'contested')), /^4 votes/);
    assert.match(stateSentence(releaseIn(world, 'failed')), /^Only 1 vote counted.* 3 were needed/);
    const odd = { ...releaseIn(world, 'final'), state: 'pending' as ReleaseState };
    assert.match(stateSentence(odd), /does not know/);
  });

  it('counts down the window that runs, and none other', () => {
    const voting = releaseIn(world, 'voting');
    assert.equal(runningWindow(voting)?.endMs, voting.voteEndsMs);
    const committing = releaseIn(world, 'committing');
    assert.equal(runningWindow(committing)?.endMs, committing.commitEndsMs);
    assert.equal(runningWindow(releaseIn(world, 'final')), undefined);
    assert.equal(runningWindow(releaseIn(world, 'announced')), undefined);
  });

  it('stands in the list by what happens next, then by what happened last', () => {
    assert.deepEqual(
      inReadingOrder(world.releases).map(({ state }) => state),
      ['voting', 'committing', 'announced', 'final', 'failed', 'contested'],
    );
  });

  it('has four steps, and shows how far the present one is', () => {
    const voting = releaseIn(world, 'voting');
    const steps = timelineOf(voting, (voting.voteEndsMs ?? 0) - 60_000, {
      closed: { index: 31, timeMs: (voting.voteEndsMs ?? 0) - 120_000 },
    });
    assert.deepEqual(
      steps.map(({ name, progress, part }) => [name, progress, part]),
      [
        ['Announced', 'done', 1],
        ['Committing', 'done', 1],
        ['Voting', 'now', 0.5],
        ['Verdict', 'ahead', 0],
      ],
    );
    assert.equal(steps[2]?.entryIndex, 31);
    const final = timelineOf(releaseIn(world, 'final'), Date.now());
    assert.deepEqual(
      final.map(({ progress }) => progress),
      ['done', 'done', 'done', 'done'],
    );
    assert.equal(final[3]?.name, 'Verdict: final');
  });

  it('does not claim that an early end came when the window would have', () => {
    const voting = releaseIn(world, 'voting');
    const early = timelineOf({ ...voting, commitEndsMs: Date.now() + 60_000 }, Date.now());
    assert.equal(early[2]?.timeMs, undefined);
  });
});
