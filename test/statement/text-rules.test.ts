import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DECEIVING, WHITE_SPACE } from '../../src/bytes/index.ts';
import { isPackageUrl, predicates } from '../../src/statement/index.ts';

const LAST = 0x10_ff_ff;
const deceiving = new RegExp(`^[${DECEIVING}]$`, 'u');
const whiteSpace = new RegExp(`^[${WHITE_SPACE}]$`, 'u');
const isOperator = (text: string): boolean => predicates.builder.shape.operator.safeParse(text).success;
const isReason = (text: string): boolean => predicates.failure.shape.reason.safeParse(text).success;
const isOrigin = (text: string): boolean => predicates.heartbeat.shape.origin.safeParse(text).success;

function* codePoints(): Generator<string> {
  for (let code = 0; code <= LAST; code += 1) yield String.fromCodePoint(code);
}

test('every sign is in a text or is not, by the ranges alone', () => {
  let taken = 0;
  for (const sign of codePoints()) {
    assert.equal(isReason(`a${sign}`), !deceiving.test(sign), sign.codePointAt(0)?.toString(16));
    if (!deceiving.test(sign)) taken += 1;
    // What the fixed classes of Unicode (they never change) hold is refused.
    if (/^[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]$/u.test(sign)) assert.match(sign, deceiving);
  }
  assert.equal(taken, 1_107_770);
});

test('white space is what it has been in Unicode since 6.3', () => {
  for (const sign of codePoints()) {
    assert.equal(whiteSpace.test(sign), /^\p{White_Space}$/u.test(sign));
    if (whiteSpace.test(sign)) assert.equal(isOrigin(`a${sign}b`), false);
  }
});

test('an operator is written in letters that have one text: no marks, and the composed form is the only one', () => {
  let letters = 0;
  for (const sign of codePoints()) {
    if (!isOperator(sign)) continue;
    letters += 1;
    for (const form of ['NFC', 'NFKC'] as const) {
      if (form === 'NFC') assert.equal(sign.normalize(form), sign);
      assert.doesNotMatch(sign.normalize(form), /^\p{M}/u);
    }
    assert.match(sign, /^(?:[\u0021-\u007e]|\p{L})$/u);
  }
  assert.equal(letters, 39_653);
});

for (const [good, name] of [
  [true, 'Rechenzentrum Süd'],
  [true, 'Ёлка и Ко (1)'],
  [true, '北京 ビルド'],
  [true, 'Ada & Söhne, "x" <y>'],
  [false, ''],
  [false, ' Ada'],
  [false, 'Ada '],
  [false, 'Ada  Lovelace'],
  [false, 'Zoe\u0308'],
  [false, 'Ada\u00a0Lovelace'],
  [false, 'Ada\u200bLovelace'],
  [false, '\u212bngström'],
  [false, '\ud800'],
  [false, 'x'.repeat(65)],
] as const) {
  test(`operator ${JSON.stringify(name)} is ${good ? 'taken' : 'refused'}`, () => {
    assert.equal(isOperator(name), good);
  });
}

test('a package URL holds nothing that deceives, however it is written', () => {
  for (const hidden of ['\u00ad', '\u200d', '\u202e', '\ufeff', '\u{e0041}', '\ufdd0']) {
    assert.equal(isPackageUrl(`pkg:npm/a${encodeURIComponent(hidden)}@1`), false);
  }
  assert.equal(isPackageUrl('pkg:npm/a%C3%A9@1'), true);
});

test('nothing that the count reads asks this machine for its version of Unicode', async () => {
  let files = 0;
  for await (const path of glob('src/{statement,tally,note,merkle}/**/*.ts')) {
    files += 1;
    const text = await readFile(path, 'utf8');
    assert.doesNotMatch(text, /\\p\{|\.normalize\(|localeCompare|toLocale/, path);
  }
  assert.ok(files > 40);
});
