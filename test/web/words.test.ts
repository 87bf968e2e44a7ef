import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatEntryBundle } from '../../src/log/index.ts';
import { LeafError, readLeaf, splitBundle } from '../../web/src/check/leaf.ts';
import { routeOf } from '../../web/src/route.ts';
import { hashPieces, leadingBits, shortHash } from '../../web/src/view/hash.ts';
import { safeMagnet, safeWebLink } from '../../web/src/view/links.ts';
import {
  exactBytes,
  formatAgo,
  formatBytes,
  formatDuration,
  formatTime,
} from '../../web/src/view/measure.ts';
import { packageWords } from '../../web/src/view/package.ts';
import { counted, groupDigits, shellWord, visibleText } from '../../web/src/view/text.ts';
import { windowAt } from '../../web/src/view/window.ts';

describe('text from the log', () => {
  it('spells out what cannot be seen', () => {
    assert.equal(visibleText('safe\u202egnp.exe'), 'safe⟨U+202E⟩gnp.exe');
    assert.equal(visibleText('zero\u200bwidth\u0000\ud800'), 'zero⟨U+200B⟩width⟨U+0000⟩⟨U+D800⟩');
    assert.equal(visibleText('tag\u{e0041}'), 'tag⟨U+E0041⟩');
    assert.equal(visibleText('Rechenzentrum Süd 株式会社 🦊'), 'Rechenzentrum Süd 株式会社 🦊');
  });

  it('cuts what is too long and marks that are piled up', () => {
    assert.equal(Array.from(visibleText('x'.repeat(5000))).length, 241);
    assert.equal(visibleText(`e${'\u0301'.repeat(50)}`), `e${'\u0301'.repeat(3)}`);
  });

  it('makes one word for a shell of any text', () => {
    assert.equal(shellWord('pkg:npm/a@1'), "'pkg:npm/a@1'");
    assert.equal(shellWord("a';rm -rf ~;'"), String.raw`'a'\'';rm -rf ~;'\'''`);
  });

  it('counts in words', () => {
    assert.equal(counted(1, 'entry', 'entries'), '1 entry');
    assert.equal(counted(1234, 'entry', 'entries'), '1,234 entries');
    assert.equal(groupDigits(1_234_567), '1,234,567');
  });
});

describe('measures', () => {
  it('gives sizes in binary units, as the command line does', () => {
    const cases: [number, string][] = [
      [0, '0 bytes'],
      [1, '1 byte'],
      [1023, '1023 bytes'],
      [1024, '1 KiB'],
      [241_318, '236 KiB'],
      [1_572_864, '1.5 MiB'],
      [2_147_483_648, '2 GiB'],
      [Number.MAX_SAFE_INTEGER, '8 PiB'],
      [Number.NaN, 'unknown size'],
    ];
    for (const [size, words] of cases) assert.equal(formatBytes(size), words);
    assert.equal(exactBytes(241_318), '241,318 bytes');
  });

  it('gives lengths of time in two units, rounded up', () => {
    const cases: [number, string][] = [
      [-5, '0 s'],
      [1, '1 s'],
      [59_001, '1 min'],
      [61_000, '1 min 1 s'],
      [3_600_000, '1 h'],
      [86_399_999, '1 d'],
      [90_000_000, '1 d 1 h'],
      [3 * 86_400_000 + 59 * 60_000, '3 d'],
    ];
    for (const [length, words] of cases) assert.equal(formatDuration(length), words);
  });

  it('gives times in UTC, and survives impossible ones', () => {
    assert.equal(formatTime(Date.UTC(2026, 10, 2, 3, 4, 5)), '2 Nov 2026, 03:04:05 UTC');
    assert.equal(formatTime(8.7e15), 'an impossible time');
    assert.equal(formatAgo(-100), 'just now');
    assert.equal(formatAgo(7_200_000), '2 h ago');
  });

  it('knows how far a window has run', () => {
    assert.deepEqual(windowAt(1000, 3000, 1500), { part: 0.25, leftMs: 1500, over: false });
    assert.deepEqual(windowAt(1000, 3000, 500), { part: 0, leftMs: 2500, over: false });
    assert.deepEqual(windowAt(1000, 3000, 9000), { part: 1, leftMs: 0, over: true });
    assert.deepEqual(windowAt(undefined, 3000, 1000), { part: 0, leftMs: 2000, over: false });
    assert.deepEqual(windowAt(3000, 3000, 3000), { part: 1, leftMs: 0, over: true });
  });
});

describe('names and hashes', () => {
  it('splits package URLs for people, and never throws', () => {
    assert.deepEqual(packageWords('pkg:npm/%40noble/hashes@2.0.1'), {
      type: 'npm',
      name: '@noble/hashes',
      version: '2.0.1',
      qualifiers: [],
    });
    assert.deepEqual(packageWords('pkg:deb/debian/gzip@1.13-1%2Bdeb13u1?arch=amd64&distro=trixie'), {
      type: 'deb',
      name: 'debian/gzip',
      version: '1.13-1+deb13u1',
      qualifiers: ['arch=amd64', 'distro=trixie'],
    });
    assert.equal(packageWords('pkg:npm/%zz@%').name, '%zz');
    assert.deepEqual(packageWords('<img>'), { type: '', name: '<img>', version: '', qualifiers: [] });
  });

  it('draws a print from the first 32 bits', () => {
    const bits = leadingBits(`80000001${'f'.repeat(56)}`);
    assert.equal(bits.length, 32);
    assert.deepEqual(
      bits.flatMap((bit, index) => (bit ? [index] : [])),
      [0, 31],
    );
    assert.equal(leadingBits('').length, 32);
    assert.equal(shortHash('ab'.repeat(32)), 'abababab…');
    assert.equal(hashPieces('ab'.repeat(32)).join(''), 'ab'.repeat(32));
  });

  it('lets only a magnet link for the very infohash become a link', () => {
    const hash = 'ab'.repeat(32);
    const good = `magnet:?xt=urn:btmh:1220${hash}&xt=urn:btih:${'0'.repeat(40)}`;
    assert.equal(safeMagnet(good, hash), good);
    assert.equal(safeMagnet(good, 'cd'.repeat(32)), undefined);
    assert.equal(safeMagnet(`${good}&xt=urn:btmh:1220${'cd'.repeat(32)}`, hash), undefined);
    assert.equal(safeMagnet(`${good}&xt.1=urn:btmh:1220${'cd'.repeat(32)}`, hash), undefined);
    assert.equal(safeMagnet(`magnet:?xt=urn:btih:${'0'.repeat(40)}`, hash), undefined);
    assert.equal(safeMagnet(`javascript:alert(1)//${good}`, hash), undefined);
    assert.equal(safeMagnet(undefined, hash), undefined);
  });

  it('lets only web addresses become links', () => {
    assert.equal(safeWebLink('https://registry.example/a'), 'https://registry.example/a');
    for (const bad of [
      'javascript:alert(1)',
      ' https://x',
      'data:text/html,x',
      '//x',
      'file:///etc/passwd',
    ]) {
      assert.equal(safeWebLink(bad), undefined);
    }
  });

  it('reads the paths of its pages', () => {
    const digest = 'ab'.repeat(32);
    assert.deepEqual(routeOf('/'), { page: 'home' });
    assert.deepEqual(routeOf(`/release/${digest}`), { page: 'release', digest });
    for (const path of ['/release/', '/release/xyz', `/release/${digest}00`, '/else']) {
      assert.deepEqual(routeOf(path), { page: 'unknown' });
    }
  });
});

describe('entry bundles', () => {
  const entry = (text: string): Uint8Array =>
    new Uint8Array([0, 0, 1, 0x9a, 0, 0, 0, 7, ...Buffer.from(text)]);

  it('are read as the log writes them', () => {
    const entries = [entry('one'), entry(''), entry('three')];
    const split = splitBundle(formatEntryBundle(entries), 3);
    assert.deepEqual(
      split.map((each) => Buffer.from(each)),
      entries.map((each) => Buffer.from(each)),
    );
    const leaf = readLeaf(entry('one'));
    assert.equal(leaf.timeMs, 0x1_9a00_0000_07);
    assert.equal(Buffer.from(leaf.envelope).toString(), 'one');
  });

  it('are refused when cut, too short or too long', () => {
    const bundle = formatEntryBundle([entry('one'), entry('two')]);
    assert.throws(() => splitBundle(bundle, 1), LeafError);
    assert.throws(() => splitBundle(bundle, 3), LeafError);
    for (let length = 1; length < bundle.length; length += 1) {
      assert.throws(() => splitBundle(bundle.subarray(0, length), 2), LeafError);
    }
    assert.throws(() => readLeaf(new Uint8Array(7)), LeafError);
    assert.throws(() => readLeaf(new Uint8Array(8).fill(255)), LeafError);
  });
});
