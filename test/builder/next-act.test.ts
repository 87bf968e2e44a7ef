import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Act, isRunning, mayShow, nextAct } from '../../src/builder/next-act.ts';
import type { BuildRecord } from '../../src/builder/record.ts';
import type { ReleaseView } from '../../src/tally/index.ts';

const base = { format: 1, release: '11'.repeat(32), package: 'pkg:npm/small@1.0.0' } as const;
const artifact = { salt: '22'.repeat(32), infoHashV2: '33'.repeat(32), output: { name: 'a', sizeBytes: 1 } };
const made: BuildRecord = { ...base, ...artifact, kind: 'made' };
const late: BuildRecord = { ...base, ...artifact, kind: 'late' };
const failed: BuildRecord = { ...base, kind: 'failed', reason: 'x' };
const nothing: BuildRecord = { ...base, kind: 'nothing' };

const blank = { commitment: undefined, votedFor: undefined, failed: false, mayOpenLate: false };
const committed = { ...blank, commitment: 'mine' };
const unopened = { ...committed, mayOpenLate: true };
const voted = { ...committed, votedFor: artifact.infoHashV2 };

type State = ReleaseView['state'];
type Own = Parameters<typeof nextAct>[1];

const CASES: readonly [state: State, own: Own, record: BuildRecord | undefined, act: Act, late?: Act][] = [
  ['announced', blank, undefined, 'make'],
  ['announced', blank, made, 'nothing'],
  ['committing', blank, undefined, 'make'],
  ['committing', blank, made, 'commit'],
  ['committing', committed, made, 'nothing'],
  ['committing', blank, failed, 'tell-failure'],
  ['committing', { ...blank, failed: true }, failed, 'nothing'],
  ['committing', blank, nothing, 'nothing'],
  ['voting', committed, made, 'vote'],
  ['voting', voted, made, 'nothing'],
  ['voting', blank, made, 'missed'],
  ['voting', blank, undefined, 'nothing', 'make-late'],
  ['voting', blank, nothing, 'nothing', 'make-late'],
  ['voting', { ...blank, failed: true }, failed, 'nothing', 'make-late'],
  ['voting', blank, late, 'vote-late'],
  ['voting', { ...blank, votedFor: 'x' }, late, 'nothing'],
  ['provisional', committed, made, 'vote'],
  ['provisional', blank, undefined, 'nothing', 'make-late'],
  ['taken down', committed, made, 'nothing'],
  ['final', blank, undefined, 'nothing'],
  ['final', voted, made, 'nothing'],
  ['final', unopened, made, 'open-late'],
  ['superseded', unopened, made, 'open-late'],
  ['taken down', unopened, made, 'open-late'],
  ['final', committed, made, 'nothing'],
  ['contested', committed, made, 'nothing'],
  ['failed', blank, made, 'nothing'],
  ['superseded', blank, made, 'nothing'],
];

for (const [state, own, record, act, actWhenLate = act] of CASES) {
  const words = `${record?.kind ?? 'no record'}, ${own.commitment ?? 'no commitment'}${own.mayOpenLate ? ' that may be opened late' : ''}, ${own.votedFor ?? 'no vote'}`;
  test(`${state}, ${words}: ${act}${actWhenLate === act ? '' : ` or ${actWhenLate}`}`, () => {
    assert.equal(nextAct({ state }, own, record, { commitment: 'mine', makesLate: false }), act);
    assert.equal(nextAct({ state }, own, record, { commitment: 'mine', makesLate: true }), actWhenLate);
  });
}

test('a commitment by this key that the records do not know is never followed by anything', () => {
  const kinds: readonly (BuildRecord | undefined)[] = [undefined, made, late, failed];
  for (const state of ['committing', 'voting', 'final'] as const) {
    for (const kept of kinds) {
      const own = { ...blank, commitment: 'another' };
      assert.equal(nextAct({ state }, own, kept, { commitment: 'mine', makesLate: true }), 'contradiction');
    }
  }
});

const STATES = [
  'announced',
  'committing',
  'voting',
  'provisional',
  'final',
  'contested',
  'failed',
  'superseded',
  'taken down',
] as const;

test('nothing is shown before close, nor after a takedown; of what is superseded only what votes have shown', () => {
  const shownBy = (groups: ReleaseView['groups']) =>
    STATES.filter((state) => mayShow({ state, groups }, artifact.infoHashV2));
  const shown = ['voting', 'provisional', 'final', 'contested', 'failed'];
  assert.deepEqual(shownBy([]), shown);
  const group = (infoHashV2: string) => ({ infoHashV2, counted: 0, total: 1, builders: ['55'.repeat(32)] });
  assert.deepEqual(shownBy([group('44'.repeat(32))]), shown);
  assert.deepEqual(shownBy([group(artifact.infoHashV2)]), [...shown, 'superseded']);
});

test('a release runs until its verdict or its end; provisional is neither', () => {
  const running = STATES.filter((state) => isRunning({ state }));
  assert.deepEqual(running, ['announced', 'committing', 'voting', 'provisional']);
});
