import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DECEIVING } from '../../src/bytes/index.ts';
import { isPackageUrl, parsePackageUrl, StatementError } from '../../src/statement/index.ts';

const HOLDS_DECEIVING = new RegExp(`[${DECEIVING}]`, 'u');

test('canonical package URLs are taken apart', () => {
  assert.deepEqual(parsePackageUrl('pkg:npm/%40noble/hashes@2.0.1'), {
    type: 'npm',
    namespace: ['@noble'],
    name: 'hashes',
    version: '2.0.1',
    qualifiers: [],
    subpath: [],
  });
  assert.deepEqual(parsePackageUrl('pkg:deb/debian/gzip@1.13-1%2Bdeb13u1?arch=amd64&distro=trixie#usr/bin'), {
    type: 'deb',
    namespace: ['debian'],
    name: 'gzip',
    version: '1.13-1+deb13u1',
    qualifiers: [
      ['arch', 'amd64'],
      ['distro', 'trixie'],
    ],
    subpath: ['usr', 'bin'],
  });
  assert.equal(parsePackageUrl('pkg:deb/debian/attr@1:2.4.47-2').version, '1:2.4.47-2');
  assert.equal(parsePackageUrl('pkg:golang/github.com/a/b').version, undefined);
});

for (const text of [
  '',
  'npm/left-pad@1.3.0',
  'PKG:npm/left-pad@1.3.0',
  'pkg:NPM/left-pad@1.3.0',
  'pkg://npm/left-pad@1.3.0',
  'pkg:npm//left-pad@1.3.0',
  'pkg:npm/left-pad/@1.3.0',
  'pkg:npm/left-pad@',
  'pkg:npm/@noble/hashes@2.0.1',
  'pkg:npm/%40Noble/hashes@2.0.1',
  'pkg:npm/left%2dpad@1.3.0',
  'pkg:npm/left%2Dpad@1.3.0',
  'pkg:deb/debian/gzip@1.13-1+deb13u1',
  'pkg:deb/debian/gzip@1.13-1%2bdeb13u1',
  'pkg:npm/a%2Fb@1',
  'pkg:npm/../left-pad@1',
  'pkg:npm/a b@1',
  'pkg:npm/%FF@1',
  'pkg:npm/%00@1',
  'pkg:npm/a@1?b=2&a=1',
  'pkg:npm/a@1?a=1&a=2',
  'pkg:npm/a@1?a=',
  'pkg:npm/a@1?A=1',
  'pkg:npm/a@1#',
  'pkg:npm/a@1#/b',
  'pkg:npm/a@1#..',
  `pkg:npm/${'a'.repeat(600)}@1`,
  'pkg:npm/a@1\n',
]) {
  test(`refused: ${JSON.stringify(text.slice(0, 60))}`, () => {
    assert.throws(() => parsePackageUrl(text), { code: 'bad-package-url' });
    assert.equal(isPackageUrl(text), false);
  });
}

test('one package has one text: what is read can be written in no other way', () => {
  const part = fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter((text) => !/\/|^\.{1,2}$/.test(text) && !HOLDS_DECEIVING.test(text));
  const encode = (text: string) =>
    [...new TextEncoder().encode(text)]
      .map((byte) => {
        const letter = String.fromCharCode(byte);
        return /[A-Za-z0-9.\-_~:]/.test(letter)
          ? letter
          : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
      })
      .join('');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 2 }), part, part, (namespace, name, version) => {
      const text = `pkg:generic/${[...namespace, name].map(encode).join('/')}@${encode(version)}`;
      assert.deepEqual(parsePackageUrl(text), {
        type: 'generic',
        namespace,
        name,
        version,
        qualifiers: [],
        subpath: [],
      });
    }),
  );
});

test('any text is read or refused by a StatementError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parsePackageUrl(`pkg:npm/${text}`);
      } catch (error) {
        assert.ok(error instanceof StatementError);
      }
    }),
  );
});
