// Each write of a witness, of a tally beside its log, and of a monitor fails in both ways, as the kernel tells it (EIO):
// nothing was done, or all of it and only the answer was lost.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needs, programOf } from '../support/needs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SOURCE = fileURLToPath(new URL('failing-file.c', import.meta.url));

for (const [who, promise] of [
  ['witness', 'gives no cosignature, and goes not back where it started anew'],
  ['tally', 'acknowledges no signature that is lost, and keeps its vouchers'],
  ['monitor', 'holds the old or the new, and loses no alarm'],
] as const) {
  test(`a ${who} whose write failed, and did or did not persist, ${promise}`, {
    skip: (process.platform !== 'linux' && 'needs LD_PRELOAD') || needs('cc'),
  }, async (t) => {
    const folder = temporaryFolder('failing-file');
    const library = join(folder, 'failing-file.so');
    execFileSync(programOf('cc'), ['-shared', '-fPIC', '-o', library, SOURCE, '-ldl']);
    // Else the tests of that process would report to the runner of this one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const file = fileURLToPath(new URL(`failing-${who}.process.ts`, import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      env: { ...env, LD_PRELOAD: library, FAULT_ORDER: join(folder, 'order') },
      timeout: 30_000,
    }).catch((error: Error & { stdout?: string; stderr?: string }) => {
      assert.fail(`${error.message}\n${error.stdout}\n${error.stderr}`);
    });
    t.diagnostic(/^ℹ pass \d+$|^# pass \d+$/m.exec(stdout)?.[0] ?? '');
    assert.match(stdout, /^(?:ℹ|#) pass [1-9]/m);
  });
}
