import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '../../src/bytes/index.ts';
import { formatCheckpoint, NoteError, parseCheckpoint } from '../../src/note/index.ts';

// The example of C2SP tlog-checkpoint.
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const EXAMPLE = `example.com/behind-the-sofa\n20852163\n${ROOT}\n`;

test('the example of the specification is read and written', () => {
  const checkpoint = parseCheckpoint(EXAMPLE);
  assert.equal(checkpoint.origin, 'example.com/behind-the-sofa');
  assert.equal(checkpoint.size, 20_852_163);
  assert.equal(toBase64(checkpoint.root), ROOT);
  assert.deepEqual(checkpoint.extensions, []);
  assert.equal(formatCheckpoint(checkpoint), EXAMPLE);
});

test("the tree of the tests of Go's sumdb/tlog is read and written, and what those refuse is refused", () => {
  const root = 'TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0='; // the leaf hash of 'hello world'
  const golden = `go.sum database tree\n123456789012\n${root}\n`;
  const tree = {
    origin: 'go.sum database tree',
    size: 123_456_789_012,
    root: fromBase64(root),
    extensions: [],
  };
  assert.deepEqual(parseCheckpoint(golden), tree);
  assert.equal(formatCheckpoint(tree), golden);
  assert.deepEqual(parseCheckpoint(`${golden}${'JOE\n'.repeat(1000)}`).extensions, Array(1000).fill('JOE'));
  for (const bad of [golden.replace('123456789012', '0xabcdef'), golden.replace('Bb0=', 'BTOOBIG=')]) {
    assert.throws(() => parseCheckpoint(bad), { code: 'bad-checkpoint' });
  }
});

test('an empty tree and extension lines are kept', () => {
  const text = `o\n0\n${ROOT}\none\ntwo\n`;
  assert.deepEqual(parseCheckpoint(text).extensions, ['one', 'two']);
  assert.equal(formatCheckpoint(parseCheckpoint(text)), text);
});

for (const text of [
  '',
  '\n',
  `o\n1\n${ROOT}`,
  `\n1\n${ROOT}\n`,
  `o\n\n${ROOT}\n`,
  `o\n01\n${ROOT}\n`,
  `o\n+1\n${ROOT}\n`,
  `o\n-1\n${ROOT}\n`,
  `o\n-0\n${ROOT}\n`,
  `o\n1e3\n${ROOT}\n`,
  `o\n 1\n${ROOT}\n`,
  `o\n1.0\n${ROOT}\n`,
  `o\n0x1\n${ROOT}\n`,
  `o\n9007199254740992\n${ROOT}\n`,
  `o\nInfinity\n${ROOT}\n`,
  'o\n1\n\n',
  `o\n1\n${ROOT.slice(0, -1)}\n`,
  `o\n1\n${ROOT.replace('=', '')}\n`,
  'o\n1\nAAAA\n',
  `o\n1\n${ROOT}\n\n`,
  `o\n1\n${ROOT}\nline\n\n`,
  `${'o'.repeat(256)}\n1\n${ROOT}\n`,
  `o\n1\n${ROOT}\n${'x'.repeat(17_000)}\n`,
]) {
  test(`refused: ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => parseCheckpoint(text), { code: 'bad-checkpoint' });
  });
}

test('what is written is read back; what is read has one form', () => {
  const origin = fc.stringMatching(/^[a-z./-]{1,30}$/);
  fc.assert(
    fc.property(
      origin,
      fc.maxSafeNat(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.array(fc.stringMatching(/^[ -~]{1,20}$/), { maxLength: 3 }),
      (name, size, root, extensions) => {
        const checkpoint = { origin: name, size, root, extensions };
        assert.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), checkpoint);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
      try {
        assert.equal(formatCheckpoint(parseCheckpoint(text)), text);
      } catch (error) {
        assert.ok(error instanceof NoteError);
      }
    }),
  );
  assert.throws(
    () => formatCheckpoint({ origin: 'a\nb', size: 1, root: new Uint8Array(32), extensions: [] }),
    {
      code: 'bad-checkpoint',
    },
  );
});
