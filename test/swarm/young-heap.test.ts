// In a process that keeps its young heap small, what lives long fills no large heap for new objects.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const MIB = 1024 * 1024;
const ROOM = JSON.stringify(new URL('../../src/swarm/young-heap.ts', import.meta.url).href);
/** Keeps a hundred megabytes of small objects and tells how large the heap for new ones became. */
const FILL = `
const kept = [];
for (let at = 0; at < 1_500_000; at += 1) kept.push({ at, more: [at] });
const { getHeapSpaceStatistics } = await import('node:v8');
console.log(kept.length, getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
`;

test('the heap for new objects stays as it begins', async () => {
  const sizeAfter = async (first: string): Promise<number> => {
    const program = ['--input-type=module', '--eval', `${first}${FILL}`];
    const { stdout } = await promisify(execFile)(process.execPath, program);
    return Number(stdout.split(' ')[1]);
  };
  const small = await sizeAfter(`(await import(${ROOM})).keepYoungHeapSmall();`);
  const usual = await sizeAfter('');
  assert.ok(small <= 4 * MIB && small < usual, `${small} bytes, without it ${usual}`);
});
