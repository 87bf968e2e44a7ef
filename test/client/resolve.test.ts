import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  LogFollower,
  NoWinnerError,
  requireWinner,
  resolveRelease,
  TallyClient,
} from '../../src/client/index.ts';
import { generateKey, makeStatement } from '../../src/statement/index.ts';
import { tallyDigest } from '../../src/tally/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { forge, PACKAGE, someInfoHash, TestLog } from './test-log.ts';

const RECIPE = Buffer.from('recipe');
const signal = new AbortController().signal;

interface Scene {
  readonly log: TestLog;
  readonly digest: string;
  readonly stateFolder: string;
  readonly resolve: (options?: {
    name?: string;
    allowStale?: boolean;
    nowMs?: () => number;
  }) => ReturnType<typeof resolveRelease>;
}

/** A log in which three founders agree on one infohash. */
async function scene(context: TestContext, votes: readonly number[] = [1, 1, 1]): Promise<Scene> {
  const stateFolder = temporaryFolder('client');
  const log = new TestLog();
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const digest = log.release(RECIPE);
  if (votes.length > 0) {
    log.decide(
      digest,
      votes.map((value, index) => ({
        key: log.founders[index] ?? log.publisher,
        infoHashV2: someInfoHash(value),
      })),
    );
  }
  await log.serve(context);
  const resolve: Scene['resolve'] = ({
    name = PACKAGE,
    allowStale = false,
    nowMs = () => log.nowMs(),
  } = {}) =>
    resolveRelease(new TallyClient(log.url), name, {
      logKey: log.vkey,
      stateFolder,
      full: true,
      allowStale,
      signal,
      nowMs,
    });
  return { log, digest, stateFolder, resolve };
}

test('a release is resolved by name and by digest, with who agreed', async (context) => {
  const { log, digest, resolve } = await scene(context);
  const winner = requireWinner(await resolve());
  assert.equal(winner.release.digest, digest);
  assert.equal(winner.group.infoHashV2, someInfoHash(1));
  assert.deepEqual(winner.agreed.map(({ key }) => key).sort(), log.founders.map(({ key }) => key).sort());
  assert.deepEqual(winner.dissent, []);
  assert.equal(winner.policy.demo, true);
  assert.deepEqual((await resolve({ name: digest })).release, winner.release);
});

test('nothing has won: the groups are told, by code no-winner', async (context) => {
  const { resolve } = await scene(context, [1, 2, 3]);
  const resolution = await resolve();
  assert.throws(
    () => requireWinner(resolution),
    (error: unknown) =>
      error instanceof NoWinnerError &&
      error.code === 'no-winner' &&
      error.resolution === resolution &&
      [1, 2, 3].every((value) => error.message.includes(`${someInfoHash(value)}: 1 counted of 1 votes`)),
  );
});

test('names that the log does not know, or that are no names, are told apart', async (context) => {
  const { resolve } = await scene(context);
  await assert.rejects(resolve({ name: 'pkg:npm/other@1.0.0' }), {
    code: 'not-found',
    message: /no entry of/,
  });
  await assert.rejects(resolve({ name: 'small\u001B[2J' }), (error: Error) => {
    assert.match(error.message, /neither a canonical package URL/);
    assert.ok(!error.message.includes('\u001B'));
    return true;
  });
});

test('a checkpoint by another key is refused', async (context) => {
  const { log, resolve } = await scene(context);
  const stranger = generateKey(log.logKey.name);
  log.meddle = (request, response) => {
    if (request.url !== '/checkpoint') return false;
    response.end(log.checkpoint(log.entries.length, stranger));
    return true;
  };
  await assert.rejects(resolve(), { code: 'mismatch', message: /not signed by/ });
});

test('entries that do not make the signed tree are refused', async (context) => {
  const { log, resolve } = await scene(context);
  const checkpoint = log.checkpoint();
  log.meddle = (request, response) => {
    if (request.url !== '/checkpoint') return false;
    response.end(checkpoint);
    return true;
  };
  const last = log.entries.length - 1;
  log.entries[last] = forge(log.entries[last] ?? new Uint8Array());
  await assert.rejects(resolve(), { code: 'mismatch', message: /do not fit what it signed/ });
});

test('a vote whose signature is wrong counts for nothing, though the log signed its tree', async (context) => {
  const { log, resolve } = await scene(context);
  const at = log.entries.findIndex((entry) => {
    const { payload } = JSON.parse(Buffer.from(entry.subarray(8)).toString()) as { payload: string };
    return Buffer.from(payload, 'base64').includes('bitquorum:vote/v1');
  });
  log.entries[at] = forge(log.entries[at] ?? new Uint8Array());
  await assert.rejects(resolve(), {
    code: 'mismatch',
    message: /signed something else than what its entries/,
  });
});

test('a verdict that the entries do not come to is refused', async (context) => {
  const { log, digest, resolve } = await scene(context, []);
  log.aheadMs += 200_000;
  const verdict = {
    ...log.bound(),
    release: digest,
    state: 'final' as const,
    infoHashV2: someInfoHash(9),
    groups: [{ infoHashV2: someInfoHash(9), builders: log.founders.map(({ key }) => key).sort() }],
  };
  log.settle();
  log.append(makeStatement('verdict', { name: PACKAGE, sha256: digest }, verdict), [log.logKey]);
  await assert.rejects(resolve(), { code: 'mismatch', message: /signed something else/ });
});

test('a log that was rolled back is refused, by a client that saw more', async (context) => {
  const { log, resolve } = await scene(context);
  await resolve();
  log.entries.pop();
  await assert.rejects(resolve(), { code: 'mismatch', message: /rolled back/ });
});

test('a fork is refused: another history before the checkpoint seen last', async (context) => {
  const { log, resolve } = await scene(context);
  await resolve();
  log.register(generateKey('newcomer'), 'newcomer');
  const [first] = log.entries;
  assert.ok(first);
  first.set(Buffer.alloc(8), 0); // another receipt time: the same entries otherwise, all signatures good
  await assert.rejects(resolve(), { code: 'mismatch', message: /do not fit what it signed/ });
});

test('a longer log with the same history is taken, from the state that an earlier run left', async (context) => {
  const { log, stateFolder, resolve } = await scene(context);
  await resolve();
  assert.equal((await readdir(stateFolder)).filter((name) => name.endsWith('.checkpoint')).length, 1);
  for (let number = 0; number < 300; number += 1)
    log.register(generateKey(`k${number}`), `operator k${number}`);
  assert.equal((await resolve()).size, log.entries.length);
  assert.ok(log.requests.includes('GET /tile/entries/000'), 'a full bundle was asked for');
});

test('a damaged memory of the log stops everything instead of being forgotten', async (context) => {
  const { stateFolder, resolve } = await scene(context);
  await resolve();
  const [name = ''] = await readdir(stateFolder);
  await writeFile(join(stateFolder, name), 'damaged');
  await assert.rejects(resolve(), { code: 'bad-state', message: /is damaged/ });
});

test('a frozen log is refused, unless the user says otherwise', async (context) => {
  const { log, resolve } = await scene(context);
  const later = () => log.nowMs() + 1_801_000;
  await assert.rejects(resolve({ nowMs: later }), { code: 'stale', message: /--allow-stale/ });
  assert.ok(requireWinner(await resolve({ nowMs: later, allowStale: true })));
});

test('a log whose newest entry lies in the future is refused: it could stay frozen, or skip its windows', async (context) => {
  const { log, resolve } = await scene(context);
  const earlier = () => log.nowMs() - 3_600_000;
  await assert.rejects(resolve({ nowMs: earlier }), { code: 'stale', message: /3600 s ahead of this clock/ });
});

test('a reading that broke off goes on where it was, and counts each entry once', async (context) => {
  const { log, stateFolder } = await scene(context);
  for (let number = 0; number < 1400; number += 1)
    log.register(log.founders[0] ?? log.logKey, `operator ${number}`);
  const follower = new LogFollower(new TallyClient(log.url), { logKey: log.vkey, stateFolder });
  log.meddle = (request, response) => {
    if (request.url !== '/tile/entries/004') return false;
    response.writeHead(503).end();
    return true;
  };
  await assert.rejects(follower.update(AbortSignal.timeout(20_000)), { code: 'refused' });
  assert.equal(follower.tally.size, 1024);
  log.meddle = () => false;
  assert.equal(await follower.update(AbortSignal.timeout(20_000)), log.entries.length - 1024);
  assert.equal(follower.tally.size, log.entries.length);
  assert.equal(tallyDigest(follower.tally), tallyDigest(log.tally));
});
