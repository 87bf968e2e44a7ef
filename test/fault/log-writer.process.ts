// A process that logs as fast as it can until it is killed. It reports on standard output, each line written
// before anything else happens, what it was told: `ready`, `ack <index> <timeMs> <leafHash> <text>`,
// `head <base64 of the checkpoint>`, `error <code> <message>`.
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { type Log, openHeadFile, openLog } from '../../src/log/index.ts';
import { parseTlogPolicy } from '../../src/note/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { logKey, statementOf } from '../log/samples.ts';
import { witnessedBy } from './circle.ts';
import { SeededRandom } from './random.ts';

const WRITERS = 8;

const [folder = '', seed = '0', witnesses] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
let reported: Uint8Array | undefined;

const store = await openSqliteStore({ path: join(folder, 'log.sqlite') });
const log = await openLog({
  store,
  signer: logKey,
  head: openHeadFile(join(folder, 'head.checkpoint')),
  checkpointEveryMs: [0, 0, 1, 20][random.integer(0, 3)] as number,
  limits: { batchEntries: random.integer(1, 64) },
  onFault: reportError,
  ...(witnesses !== undefined && witnessedBy(parseTlogPolicy(await readFile(witnesses)))),
});
reportHead(log);
flushCompileCache(); // a killed process would leave none, and the next life would start slowly
report('ready');
log.onAppend(() => reportHead(log));
await Promise.race(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

async function write(writer: number): Promise<void> {
  let earlier = '';
  for (let count = 0; ; count += 1) {
    const isAgain = earlier !== '' && random.next() < 0.1;
    const text = isAgain ? earlier : `${seed}/${writer}/${count}/${'x'.repeat(random.integer(0, 600))}`;
    try {
      const { index, timeMs, leafHash } = await log.append(Buffer.from(text), statementOf(text));
      report(`ack ${index} ${timeMs} ${Buffer.from(leafHash).toString('hex')} ${text}`);
      earlier = text;
    } catch (error) {
      reportError(error);
      return;
    }
    reportHead(log);
  }
}

function reportHead(from: Log): void {
  const { note } = from.checkpoint();
  if (note === reported) return;
  reported = note;
  report(`head ${Buffer.from(note).toString('base64')}`);
}

function reportError(error: unknown): void {
  const { code, message } = error as { code?: string; message: string };
  report(`error ${code} ${message}`);
}

function report(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error; // the reader is behind: try again
    }
  }
}
