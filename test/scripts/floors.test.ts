import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/floors.ts', import.meta.url));

/** Runs the floors check over a house made of these files. */
function check(files: Record<string, string>) {
  const house = mkdtempSync(join(tmpdir(), 'bitquorum-floors-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(house, path)), { recursive: true });
      writeFileSync(join(house, path), source);
    }
    const done = spawnSync(process.execPath, [script], { cwd: house, encoding: 'utf8' });
    return { status: done.status, complaints: done.stderr.trim() };
  } finally {
    rmSync(house, { recursive: true, force: true });
  }
}

test('imports that go down and through doors pass', () => {
  const { status, complaints } = check({
    'src/log/index.ts': "import { a } from '../bytes/index.ts'; import './tile.ts'; export { a };",
    'src/log/tile.ts': "import type { T } from '../note/index.ts'; export type U = T;",
    'web/src/main.tsx': "import { t } from '../../src/statement/browser.ts'; export { t };",
  });
  assert.equal(complaints, '');
  assert.equal(status, 0);
});

test('each kind of wrong import is named with its file', () => {
  const cases: [Record<string, string>, RegExp][] = [
    [
      { 'src/bytes/index.ts': "export * from '../torrent/index.ts';" },
      /bytes.index\.ts: floor 0 imports .*torrent/,
    ],
    [{ 'src/tally/a.ts': "import type { X } from '../log/index.ts';" }, /tally.a\.ts: floor 2 imports/],
    [{ 'src/log/a.ts': "await import('../cli/index.ts');" }, /log.a\.ts: floor 4 imports/],
    [{ 'src/log/a.ts': "import '../note/vkey.ts';" }, /enters src\/note by vkey\.ts; its door is index\.ts/],
    [
      { 'src/log/a.ts': "import '../cellar/index.ts';" },
      /log.a\.ts: imports .*cellar.*, which stands in no room/,
    ],
    [{ 'src/cellar/a.ts': "import '../bytes/index.ts';" }, /cellar.a\.ts: stands in no room of the house/],
    [{ 'web/a.ts': "import '../src/store/index.ts';" }, /web.a\.ts: web\/ may import floors 0–2/],
    [
      {
        'src/note/index.ts': "import '../wire/index.ts';",
        'src/wire/index.ts': "import '../note/index.ts';",
      },
      /rooms import each other in a circle: note → wire → note/,
    ],
  ];
  for (const [files, expected] of cases) {
    const { status, complaints } = check(files);
    assert.match(complaints, expected);
    assert.equal(status, 1);
  }
});
