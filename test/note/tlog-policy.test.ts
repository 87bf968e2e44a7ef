import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import {
  formatCosignerVkey,
  meetsQuorum,
  NoteError,
  parseTlogPolicy,
  type TlogPolicy,
} from '../../src/note/index.ts';
import { generateKey } from '../../src/statement/index.ts';

const LOGS = Array.from({ length: 3 }, (_, at) => generateKey(`log-${at}.example`).vkey);
const KEYS = Array.from({ length: 9 }, (_, at) =>
  formatCosignerVkey(`w${at}.example`, 'ed25519', Buffer.from(generateKey('w').key, 'hex')),
);
const [C, A, D, E, F, B] = KEYS as [string, string, string, string, string, string];

function parse(text: string): TlogPolicy {
  return parseTlogPolicy(toUtf8(text));
}

function sufficient(policy: TlogPolicy, names: readonly string[]): boolean {
  return meetsQuorum(policy.quorum, ({ name }) => names.includes(name));
}

// The shape of the cases is that of sigsum-go, pkg/policy/config_test.go; keys are vkeys here.
test('logs, witnesses, groups and a quorum, comments and blanks', () => {
  const policy = parse(`
# example config
log ${LOGS[0]} http://sigsum.example.org
  # comment
\t log   ${LOGS[1]}

witness W1 ${C} http://w1
witness W2 ${A}
witness W3 ${D} http://w3
witness W4 ${E} https://w4/
witness W5 ${F} https://w5

group G1 any W1 W2
group G2 2 W3 W4 W5
group G3 all G1 G2

quorum G3

  log ${LOGS[2]}
witness W6 ${B}
`);
  assert.equal(policy.logs.length, 3);
  assert.equal(policy.witnesses.length, 6);
  assert.deepEqual(
    policy.witnesses.map(({ url }) => url),
    ['http://w1', undefined, 'http://w3', 'https://w4/', 'https://w5', undefined],
  );
  const table: [number[], boolean][] = [
    [[], false],
    [[1], false],
    [[2], false],
    [[3], false],
    [[3, 4, 5], false],
    [[1, 2], false],
    [[1, 3], false],
    [[1, 3, 4], true],
    [[2, 3, 5], true],
  ];
  for (const [witnesses, met] of table) {
    assert.equal(
      sufficient(
        policy,
        witnesses.map((at) => `W${at}`),
      ),
      met,
      String(witnesses),
    );
  }
});

test('numeric thresholds', () => {
  const policy = parse(`
witness A1 ${KEYS[0]}
witness A2 ${KEYS[1]}
witness A3 ${KEYS[2]}
witness B1 ${KEYS[3]}
witness B2 ${KEYS[4]}
witness B3 ${KEYS[5]}
group A-group 1 A1 A2 A3
group B-group 2 B1 B2 B3
group G any A-group B-group
quorum G`);
  const table: [string[], boolean][] = [
    [[], false],
    [['A1'], true],
    [['A1', 'A3'], true],
    [['A1', 'A3', 'B1'], true],
    [['B1'], false],
    [['B1', 'B3'], true],
    [['B1', 'B2', 'B3'], true],
  ];
  for (const [names, met] of table) assert.equal(sufficient(policy, names), met, String(names));
});

test('one witness, and none, as quorum', () => {
  assert.equal(sufficient(parse(`witness W ${C}\nquorum W\n`), []), false);
  assert.equal(sufficient(parse(`witness W ${C}\nquorum W\n`), ['W']), true);
  assert.equal(sufficient(parse('quorum none\n'), []), true);
});

test('names are octets: a Kelvin sign is no K, and bytes that are no UTF-8 may stand in them', () => {
  const policy = parseTlogPolicy(
    Buffer.concat([
      toUtf8(`witness K ${A}\nwitness \u212a ${C}\nwitness `),
      Buffer.of(0xff),
      toUtf8(` ${D}\ngroup g all K \u212a\nquorum g\n`),
    ]),
  );
  assert.equal(policy.witnesses.length, 3);
});

test('what is no policy is refused, with the number of its line', () => {
  const both = `witness W1 ${C}\nwitness W2 ${A}\n`;
  const cases: [string, string, RegExp][] = [
    ['empty', '', /no quorum/],
    ['form feed', '# \f\nquorum none\n', /control character 0x0c/],
    ['carriage return', 'quorum none\r\n', /control character 0x0d/],
    ['DEL', '# \x7f\nquorum none\n', /control character 0x7f/],
    ['duplicate log', `log ${LOGS[0]}\n  log ${LOGS[0]}\nquorum none`, /line 2 .*another log/],
    ['comment at the end of a line', `log ${LOGS[0]} http://example.org #comment\nquorum none`, /line 1/],
    ['duplicate witness', `witness W1 ${C}\nwitness W2 ${C}\nquorum W1`, /line 2 .*another witness/],
    ['duplicate name', `witness W1 ${C}\nwitness W1 ${D}\nquorum W1`, /line 2 .*defined already/],
    ['the name none', `witness none ${C}\nquorum none`, /"none" is taken/],
    ['undefined name', `${both}group G all W1 W3 W2\nquorum G`, /line 3 .*"W3" is not defined/],
    ['defined too late', `quorum W\nwitness W ${C}\n`, /line 1 /],
    ['no quorum', `${both}group G all W1 W2\n`, /no quorum/],
    ['two quorums', 'quorum none\nquorum none\n', /line 2 /],
    ['repeated member', `${both}group G all W1 W2 W1\nquorum G`, /member of a group already/],
    ['in two groups', `${both}group G1 all W1 W2\ngroup G2 all W2\nquorum G2`, /line 4 .*already/],
    ['none as member', `${both}group G all W1 none\nquorum G`, /"none" cannot be a member/],
    ['threshold zero', `${both}group G 0 W1 W2\nquorum G`, /number from 1 to 2/],
    ['threshold too large', `${both}group G 3 W1 W2\nquorum G`, /number from 1 to 2/],
    ['negative threshold', `${both}group G -1 W1\nquorum G`, /number from 1 to 1/],
    ['threshold with a zero before it', `${both}group G 01 W1\nquorum G`, /number from 1 to 1/],
    ['a group of nobody', 'group G any\nquorum G', /a group is/],
    ['unknown keyword', 'policy x\n', /none of log/],
    ['a plain key as witness', `witness W ${LOGS[0]}\nquorum W`, /no cosigner's/],
    ['a cosigner as log', `log ${C}\nquorum none`, /no key of a log/],
    ['no key', 'witness W http://w1\nquorum W', /line 1 /],
  ];
  for (const [name, text, words] of cases) {
    assert.throws(
      () => parse(text),
      (error) => error instanceof NoteError && error.code === 'bad-policy' && words.test(error.message),
      name,
    );
  }
});

test('logs, witnesses, groups and bytes are bounded', () => {
  const limits = { bytes: 4096, logs: 1, witnesses: 2, groups: 1 };
  const bounded = (text: string): TlogPolicy => parseTlogPolicy(toUtf8(text), limits);
  assert.throws(() => bounded(`log ${LOGS[0]}\nlog ${LOGS[1]}\nquorum none`), /more than 1 logs/);
  assert.throws(
    () => bounded(`witness a ${A}\nwitness b ${B}\nwitness c ${C}\nquorum a`),
    /more than 2 witnesses/,
  );
  assert.throws(
    () => bounded(`witness a ${A}\nwitness b ${B}\ngroup g any a\ngroup h any b\nquorum g`),
    /more than 1 groups/,
  );
  assert.throws(() => bounded(' '.repeat(5000)), { code: 'too-large' });
});
