// A disk whose fsync fails, as the kernel tells it (EIO), once or from then on, at each place of a log's life.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LogInFolder } from '../log/samples.ts';
import { needs, programOf } from '../support/needs.ts';
import { parseReport, WriterHistory, type WriterReport } from './writer-history.ts';

const WRITER = fileURLToPath(new URL('log-writer.process.ts', import.meta.url));
const SOURCE = fileURLToPath(new URL('failing-fsync.c', import.meta.url));
const LONGEST_LIFE_MS = 2000;
/** Which fsync fails, and whether all that follow do. The first ones are of the start, the others of head and entries in turn. */
const FAULTS: readonly (readonly [number, boolean])[] = [
  [1, false],
  [2, true],
  [3, false],
  [4, true],
  [5, false],
  [6, false],
  [7, true],
  [9, false],
  [12, true],
  [17, false],
  [30, true],
];
const AFTER_ERROR_MS = 30;

test('a log whose fsync fails, the first, second, … time, keeps its word', {
  skip: (process.platform !== 'linux' && 'needs LD_PRELOAD') || needs('cc'),
}, async (t) => {
  const place = await LogInFolder.make();
  t.after(() => place.remove());
  const library = join(place.folder, 'failing-fsync.so');
  execFileSync(programOf('cc'), ['-shared', '-fPIC', '-o', library, SOURCE, '-ldl']);
  const history = new WriterHistory();
  await place.open();
  let errors = 0;
  for (const [at, goesOn] of FAULTS) {
    await place.close();
    const faults = { LD_PRELOAD: library, FAIL_AT: String(at), ...(goesOn && { FAIL_ON: '1' }) };
    const report = await live(place.folder, faults);
    errors += report.errors.length;
    for (const error of report.errors) assert.match(error, /disk I\/O error|ended after a failure|EIO/);
    await history.check(await place.open(), report);
  }
  assert.ok(errors > FAULTS.length, `${errors} failures were told`);
});

/** Runs a writer until its fault was told and a moment longer, or until it gave up at its start. */
async function live(folder: string, faults: Record<string, string>): Promise<WriterReport> {
  const writer = spawn(process.execPath, [WRITER, folder, faults['FAIL_AT'] ?? '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...faults, NODE_COMPILE_CACHE: join(folder, 'compile-cache') },
    timeout: LONGEST_LIFE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (text.includes('error ')) setTimeout(() => writer.kill('SIGKILL'), AFTER_ERROR_MS);
  });
  await once(writer, 'close');
  return parseReport(output);
}
