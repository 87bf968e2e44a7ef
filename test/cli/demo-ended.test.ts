import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingWords, startChild, untilAborted } from '../../src/cli/demo/child.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a network that stays up says which of its processes was ended, and fails', async (context) => {
  const logFolder = temporaryFolder('demo-ended');
  // Waits for its standard input, which stays open as long as this process does.
  const tally = startChild({
    name: 'tally',
    command: ['src/cli/bitquorum.ts', 'statement', 'show', '-'],
    logFolder,
  });
  context.after(() => tally.stop());
  const enough = new AbortController();
  const seen = untilAborted([tally], enough.signal);
  enough.abort();
  await seen;
  const up = untilAborted([tally], new AbortController().signal);
  await tally.stop();
  await assert.rejects(up, {
    code: 'child-failed',
    message: /^tally (ended|was ended) .*\(see .*tally\.log\)$/,
  });
  assert.equal(endingWords(-1, ''), 'was ended by a signal');
  assert.equal(endingWords(1, 'error: disk full'), 'ended with exit code 1: error: disk full');
});
