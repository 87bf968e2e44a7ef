// Proofs that somebody made who wants another release taken, or none at all.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex, toUtf8 } from '../../src/bytes/index.ts';
import { TallyClient, verifyFile } from '../../src/client/index.ts';
import { type ResolveOptions, requireWinner, resolveRelease } from '../../src/client/resolve.ts';
import { formatProofBundle, type ProofBundle } from '../../src/log/index.ts';
import { parseNote, parseTlogPolicy, signNote, type TlogPolicy } from '../../src/note/index.ts';
import { generateKey, makeStatement } from '../../src/statement/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { generateCosigner } from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PACKAGE, someInfoHash, TestLog } from './test-log.ts';

const DAY = 86_400_000;
const signal = new AbortController().signal;

/** A log whose policy names a monitor, with a release that has won, and a file that is what won. */
async function scene(context: TestContext) {
  const folder = temporaryFolder('hostile');
  const path = join(folder, 'small.tgz');
  await writeFile(path, 'what three builders made of it');
  const infoHashV2 = toHex((await createTorrent(path)).metainfo.infoHashV2);
  const monitor = generateKey('monitor');
  const log = new TestLog('log.test/1', { monitors: { keys: [monitor.vkey], quorum: 1 } });
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const digest = log.release(Buffer.from('recipe'));
  log.decide(
    digest,
    log.founders.map((key) => ({ key, infoHashV2 })),
    { name: 'small.tgz', sizeBytes: 30 },
  );
  log.monitor(monitor);
  await log.serve(context);
  const stateFolder = join(folder, 'state');
  const trust = { logKey: log.vkey, stateFolder, signal, nowMs: () => log.nowMs() };
  const resolve = (changes: Partial<ResolveOptions> = {}) =>
    resolveRelease(new TallyClient(log.url), PACKAGE, { ...trust, ...changes });
  const verify = (bundle: ProofBundle, changes: Partial<Parameters<typeof verifyFile>[2]> = {}) =>
    verifyFile(path, formatProofBundle(bundle), { ...trust, ...changes });
  const honest = async (note?: Uint8Array): Promise<ProofBundle> =>
    (await log.proof(digest, note)) ?? assert.fail();
  return { log, digest, infoHashV2, resolve, verify, honest, stateFolder };
}

/** Two of three witnesses; what they say of the newest checkpoint, each at its own time. */
function witnessed(log: TestLog) {
  const cosigners = [1, 2, 3].map((number) => generateCosigner(`w${number}.example/w`, 'ed25519'));
  const lines = cosigners.map(({ vkey }, at) => `witness w${at} ${vkey}`);
  const witnesses: TlogPolicy = parseTlogPolicy(
    toUtf8([...lines, 'group two 2 w0 w1 w2', 'quorum two', ''].join('\n')),
  );
  const cosigned = (...seconds: readonly number[]): Uint8Array => {
    const { text } = parseNote(log.checkpoint());
    const now = Math.floor(log.nowMs() / 1000);
    return signNote(
      text,
      [log.logKey],
      cosigners.slice(0, seconds.length).map((each, at) => each.cosign(text, now + (seconds[at] ?? 0))),
    );
  };
  return { witnesses, cosigned };
}

test('an old state under a new checkpoint does not make a proof young: a file server cannot hide a takedown so', async (context) => {
  const { log, digest, verify, honest } = await scene(context);
  const before = await honest();
  const reason = 'it holds a stolen key';
  log.append(
    makeStatement('takedown', { name: PACKAGE, sha256: digest }, { ...log.bound(), release: digest, reason }),
    [log.publisher],
  );
  for (let day = 0; day < 10; day += 1) {
    log.aheadMs += DAY;
    log.settle();
  }
  const indices = new Set([...before.entries.map(({ index }) => index), log.entries.length - 1]);
  const crafted = { ...before, ...(await log.proofOf(indices)) };
  await assert.rejects(verify(crafted, { maxAgeMs: DAY }), { code: 'stale' });
  const { ageMs } = await verify(crafted);
  assert.ok(ageMs > 9 * DAY, `shown as ${ageMs / DAY} days old`);
});

test('offline a proof is as old as its witnesses say, not as its log says', async (context) => {
  const { log, verify, honest } = await scene(context);
  const { witnesses, cosigned } = witnessed(log);
  await verify(await honest(cosigned(0, 5)), { witnesses });
  log.aheadMs += 5 * DAY; // entries dated five days ahead, cosigned today: young for five days more
  log.settle();
  const crafted = await honest(cosigned(-5 * 86_400, -5 * 86_400));
  await assert.rejects(verify(crafted, { witnesses }), { code: 'stale' });
});

test('one witness beyond the quorum, whose clock is wrong, keeps nobody from a release; a quorum does', async (context) => {
  const { log, digest, resolve, infoHashV2 } = await scene(context);
  const { witnesses, cosigned } = witnessed(log);
  const serve = (note: Uint8Array): void => {
    log.meddle = (request, response) => {
      const isProof = request.url?.startsWith('/api/v1/proof') ?? false;
      if (isProof)
        void log.proof(digest, note).then((it) => response.end(formatProofBundle(it as ProofBundle)));
      return isProof;
    };
  };
  for (const seconds of [-90_000, 90_000]) {
    serve(cosigned(0, seconds, 0));
    const winner = requireWinner(await resolve({ witnesses }));
    assert.equal(winner.group.infoHashV2, infoHashV2);
    assert.equal(winner.witnesses, 2, 'it counts for nothing');
    serve(cosigned(0, seconds, seconds));
    await assert.rejects(resolve({ witnesses }), { code: 'stale' });
  }
});

test('a full count refuses a log whose time is not that of its witnesses, as a proof does', async (context) => {
  const { log, resolve } = await scene(context);
  const { witnesses, cosigned } = witnessed(log);
  log.meddle = (request, response) => {
    if (request.url === '/checkpoint') response.end(cosigned(-90_000, -90_000, 0));
    return request.url === '/checkpoint';
  };
  await assert.rejects(resolve({ witnesses, full: true }), { code: 'stale' });
  assert.equal((await resolve({ witnesses, full: true, allowStale: true })).level, 'full');
});

test('bundles that one tally made up and kept back the rest of do not make another look like a forger', async (context) => {
  const { log, resolve } = await scene(context);
  while (log.entries.length < 520) log.register(generateKey('b'), `builder ${log.entries.length}`);
  const filler = log.entries.at(-1) ?? assert.fail();
  log.meddle = (request, response) => {
    const { url = '' } = request;
    if (url.includes('/tile/entries/001')) setTimeout(() => response.destroy(), 200);
    else if (url.includes('/tile/entries/000')) {
      const honest = log.entries[100] ?? assert.fail();
      log.entries[100] = filler;
      response.end(log.bundle(url.slice(1)));
      log.entries[100] = honest;
    }
    return url.startsWith('/tile/entries/00');
  };
  await assert.rejects(resolve({ full: true }));
  log.meddle = () => false;
  assert.equal((await resolve({ full: true })).level, 'full');
});

test('tiles that are no proof are refused, and prove no fork either', async (context) => {
  const { log, resolve } = await scene(context);
  await resolve();
  log.register(generateKey('late'), 'late');
  log.meddle = (request, response) => {
    const isTile = request.url?.startsWith('/tile/0/') ?? false;
    if (isTile) response.end(Buffer.alloc(32 * log.entries.length, 7));
    return isTile;
  };
  await assert.rejects(resolve(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'mismatch');
    assert.doesNotMatch(error.message, /^the log was forked/);
    return true;
  });
});

test('in the moment between an ending and its state an honest tally is asked again, not called a liar', async (context) => {
  const { log, digest, resolve } = await scene(context);
  const name = { name: PACKAGE, sha256: digest };
  const said = { ...log.bound(), release: digest, reason: 'it holds a stolen key' };
  log.append(makeStatement('takedown', name, said), [log.publisher]);
  await assert.rejects(resolve(), { code: 'stale', message: /ask again in a moment/ });
});

test('junk of the largest size is refused in no time and little memory', async (context) => {
  const { verify, honest, log, resolve } = await scene(context);
  const text = Buffer.from(formatProofBundle(await honest())).toString();
  const room = 8 * 1024 * 1024 - text.length - 100;
  const junk = [
    text.replace('"entries":[', `"entries":[${'{},'.repeat(room / 3)}`),
    '['.repeat(room),
    text.replace('{', `{${Array.from({ length: room / 14 }, (_, at) => `"${at}":0,`).join('')}`),
  ];
  for (const each of junk) {
    log.meddle = (request, response) => {
      const isProof = request.url?.startsWith('/api/v1/proof') ?? false;
      if (isProof) response.end(each);
      return isProof;
    };
    const before = process.memoryUsage().rss;
    const cpu = process.cpuUsage();
    await assert.rejects(resolve(), { code: 'mismatch' });
    const { user, system } = process.cpuUsage(cpu); // of both sides: the server is here as well
    assert.ok(user + system < 1_000_000, `${(user + system) / 1000} ms`);
    const more = process.memoryUsage().rss - before;
    assert.ok(more < 150_000_000, `${more} bytes`);
  }
  await verify(await honest());
});

test('a hidden vote for something else, a hidden policy and a bundle of two logs come to nothing', async (context) => {
  const { log, honest, verify, digest } = await scene(context);
  const other = await scene(context);
  const [ours, theirs] = [await honest(), await other.honest()];
  for (const mixed of [
    { ...ours, entries: theirs.entries },
    { ...ours, checkpoint: theirs.checkpoint },
    { ...ours, ...(theirs.state !== undefined && { state: theirs.state }) },
    { ...theirs, release: digest },
  ]) {
    await assert.rejects(verify(mixed), { code: 'mismatch' });
  }
  assert.notEqual(log.vkey, other.log.vkey);
  assert.ok(someInfoHash(1));
});
