// A disk that stops taking writes: the kernel's limit on file sizes makes real writes fail, half done.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LogInFolder } from '../log/samples.ts';
import { parseReport, WriterHistory } from './writer-history.ts';

const WRITER = fileURLToPath(new URL('log-writer.process.ts', import.meta.url));
/** Of 512 bytes (POSIX `ulimit -f`). */
const MOST_BLOCKS = 3000;

test('a log on a disk that fails in the middle of a write keeps what it acknowledged', {
  skip: process.platform === 'win32' && 'needs a POSIX shell',
}, async () => {
  const place = await LogInFolder.make();
  const history = new WriterHistory();
  try {
    for (const [life, blocks] of [MOST_BLOCKS, MOST_BLOCKS * 2].entries()) {
      // With the signal ignored, a write beyond the limit fails with EFBIG instead of ending the process.
      const limited = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`;
      const writer = spawn('sh', ['-c', limited, process.execPath, WRITER, place.folder, String(life + 1)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 20_000,
      });
      let output = '';
      writer.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await once(writer, 'close');
      const report = parseReport(output);
      assert.ok(
        report.acks.length > 20,
        `${report.acks.length} entries were acknowledged before the disk failed`,
      );
      assert.ok(report.errors.length > 0, 'the disk did fail');
      for (const error of report.errors)
        assert.match(error, /^error (storage|failed|closed) .*(disk I\/O error|ended after a failure)/);
      const log = await place.open();
      await history.check(log, report);
      await place.close();
    }
  } finally {
    await place.remove();
  }
});
