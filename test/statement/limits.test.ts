import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ENVELOPE_LIMITS,
  generateKey,
  MOST_AUDIT_KEYS,
  MOST_GROUPS,
  MOST_SEED_COSIGNATURES,
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
    seed: {
      size: Number.MAX_SAFE_INTEGER,
      root: release,
      cosignatures: Array.from({ length: MOST_SEED_COSIGNATURES }, (_, at) => `${at}${'A'.repeat(101)}==`),
    },
    round: 1000,
  }),
  makeStatement('close', subject, { ...bound, commitments: Number.MAX_SAFE_INTEGER }),
  makeStatement('audit', subject, {
    ...bound,
    infoHashV2: release,
    epoch: 2_932_896,
    passed: keys.slice(0, MOST_AUDIT_KEYS / 3),
    outside: keys.slice(0, MOST_AUDIT_KEYS / 3),
    fresh: keys.slice(0, MOST_AUDIT_KEYS / 3),
  }),
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
  const audit = { ...bound, infoHashV2: release, epoch: 1, passed: keys, failed: ['00'.repeat(32)] };
  const outside = keys.slice(0, MOST_AUDIT_KEYS - SEATS - 1);
  assert.equal(predicates.audit.safeParse({ ...audit, outside }).success, true);
  assert.equal(predicates.audit.safeParse({ ...audit, outside, fresh: keys.slice(0, 1) }).success, false);
  assert.equal(predicates.audit.safeParse({ ...audit, passed: more }).success, false);
  const verdict = { ...bound, state: 'failed', infoHashV2: null, groups: [...groups, groups[0]] };
  assert.equal(predicates.verdict.safeParse(verdict).success, false);
  assert.equal(
    predicates.close.safeParse({ ...bound, origin: `${bound.origin}x`, commitments: 1 }).success,
    false,
  );
});
