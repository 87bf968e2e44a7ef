import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SeededRandom } from './random.ts';
import { parseReport, type WriterReport } from './writer-history.ts';

const WRITER = fileURLToPath(new URL('log-writer.process.ts', import.meta.url));
const LONGEST_LIFE_MS = 120;
const LONGEST_START_MS = 150;

/**
 * Starts a writer, kills it at a random moment of its work (in one life of five: of its start).
 *
 * @param witnesses file of the trust policy by which it has its checkpoints cosigned; none unless told
 */
export async function liveAndDie(
  folder: string,
  round: number,
  random: SeededRandom,
  witnesses?: string,
): Promise<WriterReport> {
  const dies = random.next() < 0.2 ? { inStart: random.integer(0, LONGEST_START_MS) } : {};
  const lifeMs = random.integer(0, LONGEST_LIFE_MS);
  const writer = spawn(
    process.execPath,
    [
      WRITER,
      folder,
      String(random.integer(0, 2 ** 31) * 1000 + round),
      ...(witnesses === undefined ? [] : [witnesses]),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: `${folder}/compile-cache` },
    },
  );
  let output = '';
  let complaint = '';
  let timer: NodeJS.Timeout | undefined;
  const killIn = (ms: number): void => {
    timer ??= setTimeout(() => writer.kill('SIGKILL'), ms);
  };
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.includes('ready\n')) killIn(lifeMs);
  });
  writer.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  if (dies.inStart !== undefined) killIn(dies.inStart);
  const [code, signal] = (await once(writer, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  assert.equal(signal, 'SIGKILL', `the writer ended by itself (${code}): ${complaint}`);
  const report = parseReport(output);
  assert.deepEqual(report.errors, []);
  return report;
}
