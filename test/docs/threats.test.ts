import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parsePolicyToml } from '../../src/tally/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const THREATS = 'docs/threats.md';

/** A link to a test file, and the tests named in quotation marks behind it. */
const NAMED_TESTS = /\]\((\.\.\/test\/[^)#]+)\):((?:\s*“[^”]+”,?)*)/g;
const LINK = /\]\(([^)\s]+)\)/g;

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A test's name as its source writes it, quotation marks of the string literal taken back. */
function unescaped(source: string): string {
  return source.replaceAll(/\\(['"`])/g, '$1');
}

test('every test that the threat model names exists under that name', () => {
  const text = read(THREATS);
  let named = 0;
  for (const [, link = '', names = ''] of text.matchAll(NAMED_TESTS)) {
    const source = unescaped(readFileSync(join(ROOT, dirname(THREATS), link), 'utf8'));
    const quoted = [...names.matchAll(/“([^”]+)”/g)].map(([, name = '']) => name);
    assert.ok(quoted.length > 0, `${THREATS} names no test of ${link}`);
    for (const name of quoted) {
      assert.ok(
        ["'", '"', '`'].some(
          (mark) =>
            new RegExp(`\\b(?:test|it)\\(\\s*${mark}`).test(source) &&
            source.includes(`${mark}${name}${mark}`),
        ),
        `${link} has no test “${name}”`,
      );
      named += 1;
    }
  }
  const links = [...text.matchAll(/\]\(\.\.\/test\//g)].length;
  assert.equal(
    [...text.matchAll(NAMED_TESTS)].length,
    links,
    'each link to a test is followed by “its name”',
  );
  assert.ok(named >= 60, `${named} tests are named`);
});

test('every row of the threat model names a test, or says what is not built yet', () => {
  const rows = read(THREATS)
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|(?:-+\|)+$|^\| threat \|/.test(line));
  assert.ok(rows.length >= 35, `${rows.length} rows`);
  for (const row of rows) {
    assert.equal(row.split(' | ').length, 4, row);
    assert.ok(row.includes('](../test/') || /not built yet/i.test(row), row);
  }
});

test('relative links in the documents point to files that exist', () => {
  const documents = ['README.md', 'ARCHITECTURE.md', ...globSync('docs/*.md', { cwd: ROOT })];
  for (const document of documents) {
    for (const [, target = ''] of read(document).matchAll(LINK)) {
      if (/^(?:[a-z]+:|#)/.test(target)) continue;
      const path = join(ROOT, dirname(document), target.replace(/#.*$/, ''));
      assert.ok(existsSync(path), `${document} links to ${target}`);
    }
  }
});

test('the example of a policy in the protocol is a policy', () => {
  const toml = read('docs/default-policy.toml');
  const rules = parsePolicyToml(toml);
  assert.equal(rules.founders.length, 3);
  assert.equal(rules.windows.endEarly, false);
});
