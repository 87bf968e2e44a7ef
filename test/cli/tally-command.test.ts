import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { makeCast, makeData } from '../service/tally-fixture.ts';
import { runCommand } from './run-command.ts';

test('a tally whose first backup fails ends, and says why', { timeout: 20_000 }, async () => {
  const data = await makeData(makeCast());
  const file = join(dirname(data), 'file');
  await writeFile(file, '');
  const ended = await runCommand('tally', 'run', '--data', data, '--listen', '127.0.0.1:0', '--backup', file);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^error: .*file.*: a part of this path is a file, not a folder\n$/);
});
