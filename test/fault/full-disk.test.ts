// A disk without room, as the kernel tells it (ENOSPC): unlike one that fails, it is gone on with when there is room again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needs, programOf } from '../support/needs.ts';

const PROCESS = fileURLToPath(new URL('full-disk.process.ts', import.meta.url));
const DISK_BYTES = 3_000_000;

test('a log on a full disk keeps what it acknowledged and nothing else, and goes on when there is room', {
  skip: needs('bubblewrap'),
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-full-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const disk = ['--dev-bind', '/', '/', '--size', String(DISK_BYTES), '--tmpfs', folder];
  await assert.doesNotReject(
    promisify(execFile)(programOf('bubblewrap'), [...disk, process.execPath, PROCESS, folder], {
      timeout: 20_000,
    }),
  );
});
