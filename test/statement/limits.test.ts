import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ENVELOPE_LIMITS,
  generateKey,
  MOST_GROUPS,
  makeStatement,
  predicates,
  type Statement,
  signStatement,
} from '../../src/statement/index.ts';

const SEATS = 20;
const log = generateKey('log');
const release = 'ab'.repeat(32);
// The longest of everything that an entry of the log carries.
const subject = { name: `pkg:npm/${'a'.repeat(256 - 'pkg:npm/@1'.length)}@1`, sha256: release };
const bound = { origin: 'é'.repeat(64), timeMs: 253_402_300_799_999, release };
const keys = Array.from({ length: SEATS }, (_, at) => at.toString(16).padStart(64, 'f')).sort();

/** As many groups as a verdict lists, with all seats in them. */
const groups = Array.from({ length: MOST_GROUPS }, (_, at) => ({
  infoHashV2: at.toString(16).padStart(64, '0'),
  builders: keys.slice((at * SEATS) / MOST_GROUPS, ((at + 1) * SEATS) / MOST_GROUPS),
}));

for (const statement of [
  makeStatement('open', subject, {
    ...bound,
    panel: keys,
    commitEndsMs: bound.timeMs,
    voteEndsMs: bound.timeMs,
  }),
  makeStatement('close', subject, { ...bound, commitments: Number.MAX_SAFE_INTEGER }),
  makeStatement('audit', subject, { ...bound, infoHashV2: release, passed: keys }),
  makeStatement('verdict', subject, { ...bound, state: 'contested', infoHashV2: release, groups }),
] as const satisfies readonly Statement[]) {
  test(`the longest ${statement.kind} of a log fits an entry`, () => {
    assert.ok(signStatement(statement, [log]).length <= ENVELOPE_LIMITS.envelopeBytes);
  });
}

test('one seat, one group, one byte more is no statement', () => {
  const more = [...keys, 'ff'.repeat(32)];
  const open = { ...bound, panel: more, commitEndsMs: 1, voteEndsMs: 1 };
  assert.equal(predicates.open.safeParse({ ...open, panel: keys }).success, true);
  assert.equal(predicates.open.safeParse(open).success, false);
  assert.equal(predicates.audit.safeParse({ ...bound, infoHashV2: release, passed: more }).success, false);
  const verdict = { ...bound, state: 'failed', infoHashV2: null, groups: [...groups, groups[0]] };
  assert.equal(predicates.verdict.safeParse(verdict).success, false);
  assert.equal(
    predicates.close.safeParse({ ...bound, origin: `${bound.origin}x`, commitments: 1 }).success,
    false,
  );
});
