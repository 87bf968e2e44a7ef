import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { formatCheckpoint, signNote } from '../../src/note/index.ts';
import { generateKey, makeStatement } from '../../src/statement/index.ts';
import { releaseViews } from '../../src/tally/index.ts';
import { differencesOf } from '../../web/src/check/compare.ts';
import { signatureVerifier } from '../../web/src/check/ed25519.ts';
import { LogCheck, MOST_ENTRIES } from '../../web/src/check/log-check.ts';
import type { CheckResult, SeenHead } from '../../web/src/check/messages.ts';
import { FixtureLog } from './support/fixture-log.ts';
import { BACKDOOR, demoLog, releaseIn, worldOf } from './support/world.ts';

type Meddle = (path: string, bytes: Uint8Array) => Uint8Array;

const signatures = await signatureVerifier();
const paths: string[] = [];

function checkOf(log: FixtureLog, { meddle, seen }: { meddle?: Meddle; seen?: SeenHead } = {}): LogCheck {
  const read = (path: string): Promise<Uint8Array> => {
    paths.push(path);
    const bytes = path === 'checkpoint' ? log.checkpoint() : log.bundle(path);
    return Promise.resolve(meddle ? meddle(path, bytes) : bytes);
  };
  return new LogCheck({ read }, log.logKey.vkey, signatures, seen);
}

async function run(
  log: FixtureLog,
  options: { meddle?: Meddle; seen?: SeenHead } = {},
): Promise<CheckResult> {
  return checkOf(log, options).update(undefined, () => undefined);
}

/** Changes one byte of the first text found, its length kept. */
function replace(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf(from);
  assert.ok(at >= 0, `${from} stands in it`);
  changed.write(to, at);
  return changed;
}

function reasonOf(result: CheckResult): string {
  assert.equal(result.kind, 'alarm');
  return result.kind === 'alarm' ? result.reason : '';
}

describe('the page checks the log itself', () => {
  const log = demoLog();

  it('comes to the same count as the tally', async () => {
    const result = await run(log);
    assert.equal(result.kind, 'counted');
    if (result.kind !== 'counted') return;
    assert.equal(result.head.size, log.entries.length);
    assert.deepEqual(result.alarms, []);
    assert.ok(result.signatures > log.entries.length);
    assert.deepEqual(result.releases, releaseViews(log.tally));
    assert.deepEqual(differencesOf(worldOf(log).releases, result.releases), []);
  });

  it('reads only what is new as the log grows, over the edge of a bundle too', async () => {
    const growing = new FixtureLog(Date.now() - 1_000_000);
    const check = checkOf(growing);
    const digest = growing.announce('pkg:npm/many@1.0.0', 60, 60);
    assert.equal((await check.update(digest, () => undefined)).kind, 'counted');
    growing.advanceTo(growing.clockMs + 100);
    while (growing.entries.length < 300) growing.fail(digest, 1, `try ${growing.entries.length}`);
    paths.length = 0;
    const seen: [number, number][] = [];
    const result = await check.update(digest, (done, total) => seen.push([done, total]));
    assert.equal(result.kind, 'counted');
    assert.deepEqual(paths, ['checkpoint', 'tile/entries/000', 'tile/entries/001.p/44']);
    assert.deepEqual(seen, [
      [256, 300],
      [300, 300],
    ]);
    if (result.kind !== 'counted') return;
    assert.deepEqual(result.steps.opened?.index, 7);
    assert.deepEqual(result.releases, releaseViews(growing.tally));
    paths.length = 0;
    await check.update(digest, () => undefined);
    assert.deepEqual(paths, ['checkpoint']);
  });

  it('sounds the alarm when an entry was changed', async () => {
    const meddle: Meddle = (path, bytes) =>
      path === 'checkpoint' ? bytes : replace(bytes, '"sig":"', '"sig":"A');
    const moved: Meddle = (path, bytes) => {
      if (path === 'checkpoint') return bytes;
      const changed = new Uint8Array(bytes);
      changed[4] = 0; // in the receipt time of the first entry, which then is a year like 1970
      return changed;
    };
    assert.equal((await run(log, { meddle })).kind, 'alarm');
    assert.match(reasonOf(await run(log, { meddle: moved })), /do not hash to the root/);
  });

  it('sounds the alarm when the checkpoint is not signed by the pinned key', async () => {
    const other = new FixtureLog(Date.now() - 1000);
    const swapped: Meddle = (path, bytes) => (path === 'checkpoint' ? other.checkpoint() : bytes);
    assert.match(reasonOf(await run(log, { meddle: swapped })), /not signed by its key/);
    const forged: Meddle = (path, bytes) => {
      if (path !== 'checkpoint') return bytes;
      const changed = Buffer.from(bytes);
      const at = changed.length - 10;
      changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
      return changed;
    };
    assert.match(reasonOf(await run(log, { meddle: forged })), /signature on its checkpoint is wrong/);
    const key = generateKey('other.example/log');
    const head = { origin: key.name, size: 1, root: new Uint8Array(32), extensions: [] };
    const elsewhere: Meddle = (path, bytes) =>
      path === 'checkpoint' ? signNote(formatCheckpoint(head), [key]) : bytes;
    assert.match(reasonOf(await run(log, { meddle: elsewhere })), /of another log/);
  });

  it('sounds the alarm when the log shrank or was forked since the last visit', async () => {
    const before = await run(log);
    assert.ok(before.kind === 'counted');
    const shorter = new FixtureLog(Date.now() - 1000);
    const sameKey = Object.assign(shorter, { logKey: log.logKey });
    assert.match(reasonOf(await run(sameKey, { seen: before.head })), /rolled back/);
    const forkedHead = { size: 3, root: toHex(new Uint8Array(32)) };
    assert.match(reasonOf(await run(log, { seen: forkedHead })), /first 3 entries are not those/);
    assert.equal((await run(log, { seen: before.head })).kind, 'counted');
  });

  it('passes on what the count itself finds wrong with the log', async () => {
    const lying = demoLog();
    const { digest, package: name } = releaseIn(worldOf(lying), 'voting');
    const { origin } = lying.tally.context;
    const predicate = { origin, timeMs: lying.clockMs, release: digest, commitments: 9 };
    lying.append(makeStatement('close', { name, sha256: digest }, predicate), [lying.logKey]);
    const result = await run(lying);
    assert.ok(result.kind === 'counted');
    assert.equal(result.alarms.length, 1);
    assert.match(result.alarms[0] ?? '', /^entry \d+: the log signed a close that counts for nothing/);
  });

  it('does not read a log that is longer than a page should', async () => {
    const head = {
      origin: log.logKey.name,
      size: MOST_ENTRIES + 1,
      root: new Uint8Array(32),
      extensions: [],
    };
    const meddle: Meddle = (_path, bytes) =>
      _path === 'checkpoint' ? signNote(formatCheckpoint(head), [log.logKey]) : bytes;
    paths.length = 0;
    assert.deepEqual(await run(log, { meddle }), {
      kind: 'too-long',
      size: MOST_ENTRIES + 1,
      limit: MOST_ENTRIES,
    });
    assert.deepEqual(paths, ['checkpoint']);
  });

  it('says that it could not check when the log does not answer', async () => {
    const check = new LogCheck(
      { read: () => Promise.reject(new Error('no answer')) },
      log.logKey.vkey,
      signatures,
      undefined,
    );
    assert.deepEqual(await check.update(undefined, () => undefined), { kind: 'undone', reason: 'no answer' });
  });
});

describe('what is shown against what was counted', () => {
  const log = demoLog();
  const own = releaseViews(log.tally);

  it('finds every field in which they differ, and no order of keys', () => {
    const final = releaseIn(worldOf(log), 'final');
    assert.deepEqual(differencesOf([final], own), []);
    assert.deepEqual(differencesOf([{ ...final, winner: BACKDOOR, quorum: 1 }], own), [
      `${final.package}: quorum`,
      `${final.package}: winner`,
    ]);
    const turned = Object.fromEntries(Object.entries(final).reverse()) as unknown as typeof final;
    assert.deepEqual(differencesOf([turned], own), []);
  });

  it('finds a release that is not in the log', () => {
    const invented = { ...releaseIn(worldOf(log), 'final'), digest: 'ab'.repeat(32) };
    assert.deepEqual(differencesOf([invented], own), [`${invented.package}: not in the log`]);
  });
});
