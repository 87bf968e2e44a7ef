import assert from 'node:assert/strict';
import { toHex } from '../../src/bytes/index.ts';
import { type Log, LogError, openHeadFile } from '../../src/log/index.ts';
import { openSqliteStore, StoreError } from '../../src/store/index.ts';
import { auditLog, type ReadHead, readHead } from '../log/reading.ts';
import { appendText, LogInFolder, logKey } from '../log/samples.ts';
import { type FaultPlan, FaultyStore, faultyHead } from './faulty.ts';

const ROUNDS = 6;
const WRITERS = 4;
const TRIES = 50;

export interface Life {
  /** Faults that the log told of, beside those that appends were answered with. */
  readonly told: readonly unknown[];
  /** Appends that were answered with `storage` and sent again. */
  readonly sentAgain: number;
}

/**
 * A log's life under planned faults: several writers send, and send again what failed; the log is closed and
 * opened anew in between. In the end, without faults, everything is read and checked: every acknowledged
 * entry where it was said to be, each text once, every head that was published part of the tree.
 */
export async function liveWithFaults(plan: FaultPlan): Promise<Life> {
  const place = await LogInFolder.make();
  const told: unknown[] = [];
  const heads: ReadHead[] = [];
  const acknowledged = new Map<string, string>();
  let sentAgain = 0;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const log = await openWithFaults(place, plan, told);
      const noteHead = (): void => void heads.push(readHead(log.checkpoint().note, logKey.vkey));
      noteHead();
      log.onAppend(noteHead);
      const write = async (writer: number): Promise<void> => {
        for (let count = 0; count < 3; count += 1) {
          const text = `round ${round} writer ${writer} entry ${count}`;
          const { receipt, tries } = await appendUntilDone(log, text);
          sentAgain += tries - 1;
          acknowledged.set(text, `${receipt.index} ${toHex(receipt.leafHash)}`);
          noteHead();
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
      await log.close();
      noteHead();
      await place.close();
    }
    const log = await place.open();
    const entries = await auditLog(log, heads);
    const found = new Map(
      entries.map(({ envelope, index, leafHash }) => [
        Buffer.from(envelope).toString(),
        `${index} ${toHex(leafHash)}`,
      ]),
    );
    assert.equal(found.size, entries.length, 'no text is there twice');
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(acknowledged));
    return { told, sentAgain };
  } finally {
    await place.remove();
  }
}

/** Opens the log as an operator does: when a write fails at its start, the start fails, and is tried again. */
async function openWithFaults(place: LogInFolder, plan: FaultPlan, told: unknown[]): Promise<Log> {
  for (let tries = 1; ; tries += 1) {
    const store = new FaultyStore(await openSqliteStore({ path: place.database }), plan);
    try {
      return await place.open({
        store,
        head: faultyHead(openHeadFile(place.head), plan),
        checkpointEveryMs: 0,
        onFault: (error) => told.push(error),
      });
    } catch (error) {
      assert.ok(error instanceof StoreError && error.code === 'failed', String(error));
      assert.ok(tries < TRIES);
      told.push(error);
    }
  }
}

async function appendUntilDone(
  log: Log,
  text: string,
): Promise<{ receipt: Awaited<ReturnType<Log['append']>>; tries: number }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return { receipt: await appendText(log, text), tries };
    } catch (error) {
      assert.ok(error instanceof LogError && error.code === 'storage', String(error));
      assert.match(error.message, /send it again/);
      assert.ok(tries < TRIES);
    }
  }
}
