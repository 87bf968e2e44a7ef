// A process that logs is killed by SIGKILL at random moments, over and over on one folder; after each time, all
// that it ever promised must be true.
//
//   npm run fault            1,000 rounds instead of the 50 of every day
//   BITQUORUM_KILL_SEED=…    the moments of an earlier run
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '../../src/bytes/index.ts';
import { auditLog } from '../log/reading.ts';
import { LogInFolder } from '../log/samples.ts';
import { SeededRandom, seedFrom } from './random.ts';
import { parseReport, WriterHistory, type WriterReport } from './writer-history.ts';

const ROUNDS = Number(process.env['BITQUORUM_KILL_ROUNDS'] ?? 50);
const WRITER = fileURLToPath(new URL('log-writer.process.ts', import.meta.url));
const LONGEST_LIFE_MS = 120;
const LONGEST_START_MS = 150;

test(`${ROUNDS} kills lose no acknowledged entry, never fork or shrink the log, never turn time back`, async (t) => {
  const seed = seedFrom('BITQUORUM_KILL_SEED');
  t.diagnostic(`BITQUORUM_KILL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  const place = await LogInFolder.make();
  const history = new WriterHistory();
  let acks = 0;
  let starts = 0;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const report = await liveAndDie(place.folder, round, random);
      const log = await place.open();
      await history.check(log, report);
      await place.close();
      acks += report.acks.length;
      starts += report.isReady ? 1 : 0;
    }
    const log = await place.open();
    const entries = await auditLog(log);
    assert.deepEqual(
      entries.map(({ leafHash }) => toHex(leafHash)),
      history.leafHashes,
      'what was read after each kill is what is there in the end',
    );
    t.diagnostic(`${starts} lives that got to work, ${acks} acknowledgements, ${entries.length} entries`);
    assert.ok(starts > ROUNDS / 2 && acks > ROUNDS, 'the test did kill a log at work');
  } finally {
    await place.remove();
  }
});

/** Starts a writer, kills it at a random moment of its work (in one life of five: of its start). */
async function liveAndDie(folder: string, round: number, random: SeededRandom): Promise<WriterReport> {
  const dies = random.next() < 0.2 ? { inStart: random.integer(0, LONGEST_START_MS) } : {};
  const lifeMs = random.integer(0, LONGEST_LIFE_MS);
  const writer = spawn(
    process.execPath,
    [WRITER, folder, String(random.integer(0, 2 ** 31) * 1000 + round)],
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
