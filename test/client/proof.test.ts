import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromUtf8, toUtf8 } from '../../src/bytes/index.ts';
import { resolveEverywhere } from '../../src/client/compare.ts';
import { requireWinner, resolveRelease, TallyClient } from '../../src/client/index.ts';
import { checkProof } from '../../src/client/proof/check-proof.ts';
import type { ResolveOptions } from '../../src/client/resolve.ts';
import { formatProofBundle, type ProofBundle, parseProofBundle, tlogProofOf } from '../../src/log/index.ts';
import {
  cosignedMessage,
  encodeCosignature,
  formatCosignerVkey,
  parseCosignerVkey,
  parseNote,
  parseTlogPolicy,
  parseTlogProof,
  parseVkey,
  signNote,
} from '../../src/note/index.ts';
import { generateKey, makeStatement, type PolicyRules, type PrivateKey } from '../../src/statement/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PACKAGE, someInfoHash, TestLog } from './test-log.ts';

const RECIPE = Buffer.from('recipe');
const HOUR = 3_600_000;
const signal = new AbortController().signal;

/** A log with a decided release. */
function decided(
  votes: readonly number[] = [1, 1, 1],
  rules: Partial<PolicyRules> = {},
): { log: TestLog; digest: string } {
  const log = new TestLog('log.test/1', rules);
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const digest = log.release(RECIPE);
  decide(log, digest, votes);
  return { log, digest };
}

function decide(log: TestLog, digest: string, votes: readonly number[]): void {
  const voting = votes.map((value, index) => ({
    key: log.founders[index] ?? log.publisher,
    infoHashV2: someInfoHash(value),
  }));
  log.decide(digest, voting);
}

async function clientOf(context: TestContext, log: TestLog) {
  const stateFolder = temporaryFolder('proof');
  await log.serve(context);
  const resolve = (changes: Partial<ResolveOptions> = {}, name = PACKAGE) =>
    resolveRelease(new TallyClient(log.url), name, {
      logKey: log.vkey,
      stateFolder,
      signal,
      nowMs: () => log.nowMs(),
      ...changes,
    });
  return { stateFolder, resolve };
}

/** Makes a tally serve a bundle of the test's own. */
function serveInstead(log: TestLog, bundle: () => Promise<Uint8Array>): void {
  log.meddle = (request, response) => {
    const isProof = /^\/api\/v1\/(proof|releases)/.test(request.url ?? '');
    if (isProof) void bundle().then((bytes) => response.end(bytes));
    return isProof;
  };
}

/** The honest bundle of a release. */
async function honest(log: TestLog, digest: string): Promise<ProofBundle> {
  return (await log.proof(digest)) ?? assert.fail();
}

test('a proof comes to what the whole log comes to, and without monitors says on whose word', async (context) => {
  const { log, digest } = decided([1, 1, 2]);
  decide(log, log.release(Buffer.from('other'), { package: 'pkg:npm/other@1.0.0' }), [3, 3, 3]);
  const { resolve } = await clientOf(context, log);
  for (const name of [PACKAGE, digest]) {
    const proved = await resolve({}, name);
    const full = await resolve({ full: true }, name);
    assert.deepEqual([proved.level, full.level], ['tally', 'full']);
    assert.equal(proved.release.state, full.release.state);
    assert.deepEqual(proved.release.panel, full.release.panel);
    assert.deepEqual(proved.release.groups, full.release.groups);
    assert.deepEqual(proved.release.builders, full.release.builders);
    assert.deepEqual(proved.policy, full.policy);
    assert.deepEqual(proved.currentKeys, full.currentKeys);
  }
  assert.ok(log.requests.some((line) => line.includes('/proof')));
});

test('monitors of the policy make it a proof; fewer than their quorum are refused unless the user says so', async (context) => {
  const monitors = [1, 2, 3].map((number) => generateKey(`monitor${number}`));
  const { log } = decided([1, 1, 1], { monitors: { keys: monitors.map(({ vkey }) => vkey), quorum: 2 } });
  const { resolve } = await clientOf(context, log);
  await assert.rejects(resolve(), { code: 'no-quorum', message: /0 of the 2 monitors/ });
  log.monitor(monitors[0] as PrivateKey, generateKey('stranger'));
  await assert.rejects(resolve(), { code: 'no-quorum', message: /1 of the 2 monitors/ });
  assert.equal((await resolve({ level: 'tally' })).level, 'tally');
  log.monitor(monitors[0] as PrivateKey, monitors[2] as PrivateKey);
  const resolution = requireWinner(await resolve({ level: 'proof' }));
  assert.equal(resolution.level, 'proof');
  assert.deepEqual(resolution.monitors, { signed: ['monitor1', 'monitor3'], quorum: 2 });
  assert.equal(resolution.group.infoHashV2, someInfoHash(1));
});

test('while monitors have not signed the newest state, the newest that they signed proves what has not changed', async (context) => {
  const monitor = generateKey('monitor');
  const { log, digest } = decided([1, 1, 1], { monitors: { keys: [monitor.vkey], quorum: 1 } });
  const { resolve } = await clientOf(context, log);
  log.monitor(monitor);
  const signed = log.tally.light.last?.index;
  decide(log, log.release(Buffer.from('other'), { package: 'pkg:npm/other@1.0.0' }), [3, 3, 3]);
  assert.equal((await resolve({ level: 'proof' })).level, 'proof');
  assert.equal((await honest(log, digest)).state?.index, signed);
  await assert.rejects(resolve({}, 'pkg:npm/other@1.0.0'), { code: 'no-quorum' });
  log.monitor(monitor);
  await resolve({}, 'pkg:npm/other@1.0.0');
  await resolve();
});

test('a weaker level than the user asked for is refused', async (context) => {
  const { log } = decided();
  const { resolve } = await clientOf(context, log);
  await assert.rejects(resolve({ level: 'proof' }), { code: 'no-quorum', message: /names no monitors/ });
  assert.equal((await resolve({ level: 'full' })).level, 'full');
});

test('nothing has won: the groups are told, by code no-winner', async (context) => {
  const { log } = decided([1, 2, 3]);
  const { resolve } = await clientOf(context, log);
  const resolution = await resolve();
  assert.equal(resolution.release.state, 'contested');
  assert.throws(() => requireWinner(resolution), { code: 'no-winner', message: /it is contested/ });
});

test('before a verdict nothing has won, whatever votes there are', async (context) => {
  const log = new TestLog();
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  log.release(RECIPE);
  const { resolve } = await clientOf(context, log);
  const resolution = await resolve();
  assert.equal(resolution.release.state, 'committing');
  assert.throws(() => requireWinner(resolution), { code: 'no-winner' });
});

test('a tally that hides votes, or a whole vote window, is refused: what is left does not come to the verdict', async () => {
  const { log, digest } = decided();
  const bundle = await honest(log, digest);
  const trust = { logKey: log.vkey };
  let refused = 0;
  for (const hidden of bundle.entries) {
    const entries = bundle.entries.filter(({ index }) => index !== hidden.index);
    const bytes = formatProofBundle({ ...bundle, entries });
    try {
      const { release } = checkProof(bytes, trust);
      assert.equal(release.winner, someInfoHash(1));
    } catch (error) {
      assert.match((error as { code: string }).code, /^(mismatch|stale)$/);
      refused += 1;
    }
  }
  assert.ok(refused >= 12, `${refused} of ${bundle.entries.length}`);
});

test('a value that the state does not hold is refused, and a state that another key signed', async (context) => {
  const { log, digest } = decided();
  const bundle = await honest(log, digest);
  const { resolve } = await clientOf(context, log);
  const state = bundle.state ?? assert.fail();
  const values = state.values.map((each) => {
    return {
      ...each,
      ...(each.value !== undefined && { value: each.value.replace('"rivals":[]', '"rivals":["x"]') }),
    };
  });
  serveInstead(log, async () => formatProofBundle({ ...bundle, state: { ...state, values } }));
  await assert.rejects(resolve(), { code: 'mismatch', message: /what the log's state does not hold/ });
  const absent = state.values.map(({ value: _value, ...each }) => each);
  serveInstead(log, async () => formatProofBundle({ ...bundle, state: { ...state, values: absent } }));
  await assert.rejects(resolve(), { code: 'mismatch' });
  serveInstead(log, async () => formatProofBundle({ ...bundle, state: { ...state, values: [] } }));
  await assert.rejects(resolve(), { code: 'mismatch', message: /says nothing of/ });
  const { state: _state, ...stateless } = bundle;
  serveInstead(log, async () => formatProofBundle(stateless));
  await assert.rejects(resolve(), { code: 'stale' });
});

test('a hidden rival shows in the state: the name is contested, and the release under its digest is not', async (context) => {
  const { log, digest } = decided();
  const before = await honest(log, digest);
  log.release(Buffer.from('rival'));
  log.aheadMs += 25 * HOUR;
  log.settle();
  log.register(generateKey('late'), 'late');
  const { resolve } = await clientOf(context, log);
  const contested = await resolve();
  assert.equal(contested.release.state, 'contested');
  assert.throws(() => requireWinner(contested), { code: 'no-winner', message: /1 rival/ });
  const byDigest = requireWinner(await resolve({}, digest));
  assert.match(byDigest.mentions.map(({ text }) => text).join(), /other releases claim this name/);
  serveInstead(log, async () => formatProofBundle(await reproved(log, before)));
  await assert.rejects(resolve(), { code: 'stale', message: /back what came since/ });
});

/** The entries and the state of an earlier bundle under the newest checkpoint: what a tally shows that hides the rest. */
async function reproved(log: TestLog, earlier: ProofBundle): Promise<ProofBundle> {
  const { light } = log.tally;
  const indices = new Set([...earlier.entries.map(({ index }) => index), log.entries.length - 1]);
  const { entries, checkpoint } = await log.proofOf(indices);
  assert.ok(light.last !== undefined);
  return { ...earlier, checkpoint, entries };
}

test('an old state beside new entries is stale, also to a client that has seen nothing', async (context) => {
  const { log, digest } = decided();
  const before = await honest(log, digest);
  log.aheadMs += 26 * HOUR;
  log.settle();
  log.aheadMs += 600_000;
  log.settle();
  serveInstead(log, async () => {
    const { entries, ...rest } = await reproved(log, before);
    return formatProofBundle({ ...rest, entries });
  });
  const { resolve } = await clientOf(context, log);
  await assert.rejects(resolve(), { code: 'stale', message: /state that the tally shows is 26 h older/ });
  assert.equal(requireWinner(await resolve({ allowStale: true })).group.infoHashV2, someInfoHash(1));
});

test('a newer final release of the same package is mentioned', async (context) => {
  const { log } = decided();
  decide(log, log.release(Buffer.from('next'), { package: 'pkg:npm/small@1.0.1' }), [2, 2, 2]);
  const { resolve } = await clientOf(context, log);
  for (const full of [true, false]) {
    const { mentions } = await resolve({ full });
    assert.deepEqual(
      mentions.map(({ about }) => about),
      ['newer'],
    );
    assert.match(mentions[0]?.text ?? '', /pkg:npm\/small@1\.0\.1/);
    assert.deepEqual((await resolve({ full }, 'pkg:npm/small@1.0.1')).mentions, []);
  }
});

test('a rollback and a fork are refused by the checkpoint seen last', async (context) => {
  const { log, digest } = decided();
  const early = formatProofBundle(await honest(log, digest));
  const { resolve, stateFolder } = await clientOf(context, log);
  log.register(generateKey('late'), 'late');
  await resolve();
  serveInstead(log, async () => early);
  await assert.rejects(resolve(), { code: 'mismatch', message: /rolled back/ });

  log.meddle = () => false;
  const other = log.entries.at(-1) ?? assert.fail();
  other.set([(other[7] ?? 0) ^ 1], 7); // another receipt time, by a millisecond: another history
  log.aheadMs += 1000;
  log.register(generateKey('later'), 'later');
  await assert.rejects(resolve(), { code: 'mismatch', message: /forked/ });
  assert.equal((await readdir(stateFolder)).filter((name) => name.endsWith('.checkpoint')).length, 1);
});

test('a log that shows no sign of life is refused, by the newest entry in the proof', async (context) => {
  const { log } = decided();
  const { resolve } = await clientOf(context, log);
  await resolve();
  const nowMs = (): number => log.nowMs() + HOUR;
  await assert.rejects(resolve({ nowMs }), { code: 'stale' });
  await resolve({ nowMs, allowStale: true });
  await assert.rejects(resolve({ nowMs: () => log.nowMs() - HOUR }), { code: 'stale' });
});

test('witnesses that the user trusts must have cosigned the checkpoint, at about the time of the log', async (context) => {
  const { log, digest } = decided();
  const { resolve } = await clientOf(context, log);
  const keys = [generateKey('w1'), generateKey('w2'), generateKey('w3')];
  const vkeys = keys.map((key) => formatCosignerVkey(key.name, 'ed25519', parseVkey(key.vkey).publicKey));
  const lines = vkeys.map((vkey, at) => `witness w${at} ${vkey}`);
  const witnesses = parseTlogPolicy(toUtf8([...lines, 'group all 2 w0 w1 w2', 'quorum all', ''].join('\n')));
  const cosigned = (some: readonly number[], timestamp: number): Uint8Array => {
    const { text } = parseNote(log.checkpoint());
    const others = some.map((at) => {
      const key = parseCosignerVkey(vkeys[at] ?? '');
      const signature = keys[at]?.sign(cosignedMessage(key, text, timestamp)) ?? assert.fail();
      return { name: key.name, keyId: key.keyId, signature: encodeCosignature(timestamp, signature) };
    });
    return signNote(text, [log.logKey], others);
  };
  const serve = (note: Uint8Array): void => {
    serveInstead(log, async () => formatProofBundle((await log.proof(digest, note)) ?? assert.fail()));
  };
  const now = Math.round(log.nowMs() / 1000);
  await assert.rejects(resolve({ witnesses }), { code: 'no-quorum', message: /0 of the 3 witnesses/ });
  serve(cosigned([1], now));
  await assert.rejects(resolve({ witnesses }), { code: 'no-quorum', message: /1 of the 3 witnesses/ });
  serve(cosigned([0, 2], now));
  assert.equal((await resolve({ witnesses })).witnesses, 2);
  serve(cosigned([0, 1], now + 2 * 3600));
  await assert.rejects(resolve({ witnesses }), { code: 'stale', message: /witness w1 are \d+ s apart/ });
  log.meddle = (request, response) => {
    if (request.url !== '/checkpoint') return false;
    response.end(cosigned([1], now));
    return true;
  };
  await assert.rejects(resolve({ witnesses, full: true }), { code: 'no-quorum' });
});

test('whatever is changed in a proof, it is refused or comes to the same', async () => {
  const { log, digest } = decided();
  log.monitor(generateKey('nobody'));
  const bytes = formatProofBundle(await honest(log, digest));
  const trust = { logKey: log.vkey };
  const text = fromUtf8(bytes);
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 150; round += 1) {
    const at = random(text.length);
    const sign = 'Aa0"{}[],1'[random(10)] ?? 'x';
    const changed = text.slice(0, at) + sign + text.slice(at + 1 + random(2));
    if (changed === text) continue;
    try {
      assert.equal(checkProof(toUtf8(changed), trust, PACKAGE).release.winner, someInfoHash(1));
    } catch (error) {
      assert.match(
        String((error as { code?: string }).code),
        /^(mismatch|stale)$/,
        changed.slice(at - 20, at + 20),
      );
    }
  }
});

test('each entry of a proof is a C2SP tlog-proof when it is cut out, and the file has one form', async () => {
  const { log, digest } = decided();
  const bundle = await honest(log, digest);
  const bytes = formatProofBundle(bundle);
  assert.deepEqual(formatProofBundle(parseProofBundle(bytes)), bytes);
  for (const entry of bundle.entries) {
    const { index, checkpoint } = parseTlogProof(tlogProofOf(bundle, entry));
    assert.equal(index, entry.index);
    assert.equal(fromUtf8(checkpoint), fromUtf8(log.checkpoint()));
  }
  const loose = toUtf8(JSON.stringify(JSON.parse(fromUtf8(bytes)), undefined, 1));
  assert.throws(() => parseProofBundle(loose), { code: 'bad-proof', message: /one form/ });
  assert.throws(() => parseProofBundle(new Uint8Array(9_000_000)), { code: 'too-large' });
});

test('tallies of several logs must name the same winner', async (context) => {
  const { log } = decided();
  const { stateFolder } = await clientOf(context, log);
  const same = decided().log;
  const other = decided([2, 2, 2]).log;
  await Promise.all([same.serve(context), other.serve(context)]);
  const compare = (logs: readonly TestLog[], name = PACKAGE) =>
    resolveEverywhere(
      logs.map((each) => ({ client: new TallyClient(each.url), logKey: each.vkey })),
      name,
      { stateFolder, signal, nowMs: () => log.nowMs() },
    );
  assert.equal((await compare([log, same])).group.infoHashV2, someInfoHash(1));
  await assert.rejects(compare([log, same, other]), { code: 'mismatch', message: /the tallies disagree/ });
  await assert.rejects(compare([log, same], '0'.repeat(64)), { code: 'no-release-name' });
});

test('a mirror of the same log that is behind is no rollback', async (context) => {
  const { log } = decided();
  const { stateFolder } = await clientOf(context, log);
  const behind = new TestLog();
  Object.assign(behind, { logKey: log.logKey, tally: log.tally, entries: [...log.entries] });
  await behind.serve(context);
  log.register(generateKey('late'), 'late');
  const places = [log, behind].map((each) => ({ client: new TallyClient(each.url), logKey: log.vkey }));
  const winner = await resolveEverywhere(places, PACKAGE, { stateFolder, signal, nowMs: () => log.nowMs() });
  assert.equal(winner.size, log.entries.length);
});

test('a full count fetches each full bundle once, and one that was damaged on the disk again', async (context) => {
  const { log } = decided();
  for (let number = 0; number < 540; number += 1)
    log.register(generateKey(`b${number}`), `builder ${number}`);
  const { resolve, stateFolder } = await clientOf(context, log);
  const fetched = async (): Promise<string[]> => {
    log.requests.length = 0;
    await resolve({ full: true });
    return log.requests.filter((line) => line.includes('/tile/entries/'));
  };
  assert.equal((await fetched()).length, 3);
  assert.equal((await fetched()).length, 1);
  const folder = join(
    stateFolder,
    (await readdir(stateFolder)).find((name) => name.endsWith('.entries')) ?? '',
    '0',
  );
  const kept = await readFile(join(folder, '1'));
  kept[100] = (kept[100] ?? 0) ^ 1;
  await writeFile(join(folder, '1'), kept);
  assert.equal((await fetched()).length, 2);
});

test('a newer urgent release is mentioned as soon as it is announced', async (context) => {
  const { log, digest } = decided();
  const { resolve } = await clientOf(context, log);
  const changes = { package: 'pkg:npm/small@1.0.1', urgent: true, commitSeconds: 7200, voteSeconds: 21_600 };
  const urgent = log.release(Buffer.from('mended'), changes, [log.publisher, ...log.founders.slice(0, 2)]);
  assert.equal(log.tally.releases.get(urgent)?.authorised, true);
  for (const full of [true, false]) {
    const { mentions, release } = await resolve({ full });
    assert.equal(release.digest, digest);
    assert.deepEqual(
      mentions.map(({ about, text }) => [about, text]),
      [['urgent', 'a release logged later is urgent, and not final: pkg:npm/small@1.0.1']],
    );
  }
});

/** Holds what a proof comes to against what a full count comes to. */
async function sameByProof(resolve: Awaited<ReturnType<typeof clientOf>>['resolve'], digest: string) {
  const [proved, full] = [await resolve({}, digest), await resolve({ full: true }, digest)];
  for (const key of ['state', 'winner', 'panel', 'quorum', 'groups', 'rivals', 'round', 'ended'] as const) {
    assert.deepEqual(proved.release[key], full.release[key], key);
  }
  assert.deepEqual(
    proved.release.builders.map(({ key, status, reason }) => [key, status, reason]),
    full.release.builders.map(({ key, status, reason }) => [key, status, reason]),
  );
  assert.deepEqual(proved.currentKeys, full.currentKeys);
  return proved;
}

test('a release that was taken down has no winner, one that was superseded keeps it and says so', async (context) => {
  const { log, digest } = decided();
  const { resolve } = await clientOf(context, log);
  const subject = { name: PACKAGE, sha256: digest };
  const by = log.release(Buffer.from('heir'), { package: 'pkg:npm/small@1.0.1' });
  const says = { ...log.bound(), release: digest, reason: 'a hole' };
  log.append(makeStatement('supersede', subject, { ...says, by }), [log.publisher]);
  log.settle();
  const superseded = requireWinner(await sameByProof(resolve, digest));
  assert.equal(superseded.release.state, 'superseded');
  assert.deepEqual(
    superseded.mentions.map(({ about }) => about),
    ['ended'],
  );

  const other = decided();
  const client = await clientOf(context, other.log);
  const taken = { ...other.log.bound(), release: other.digest, reason: 'a hole' };
  const about = { name: PACKAGE, sha256: other.digest };
  other.log.append(makeStatement('takedown', about, taken), [other.log.publisher]);
  other.log.settle();
  const gone = await sameByProof(client.resolve, other.digest);
  assert.equal(gone.release.state, 'taken down');
  assert.throws(() => requireWinner(gone), { code: 'no-winner', message: /it is taken down/ });
});

test('a tally that hides a takedown from the proof is caught by the state that follows it', async (context) => {
  const { log, digest } = decided();
  const taken = { ...log.bound(), release: digest, reason: 'a hole' };
  log.append(makeStatement('takedown', { name: PACKAGE, sha256: digest }, taken), [log.publisher]);
  log.settle();
  const bundle = await honest(log, digest);
  const hidden = log.tally.releases.get(digest)?.ended?.index;
  const { resolve } = await clientOf(context, log);
  const entries = bundle.entries.filter(({ index }) => index !== hidden);
  assert.equal(entries.length, bundle.entries.length - 1);
  serveInstead(log, async () => formatProofBundle({ ...bundle, entries }));
  await assert.rejects(resolve(), {
    code: 'mismatch',
    message: /the log's state says taken down|entry before its state/,
  });
});

test('founders that rotated their keys vote, sign and prove by the new ones', async (context) => {
  const log = new TestLog();
  const [first, second, third] = log.founders as [PrivateKey, PrivateKey, PrivateKey];
  const next = generateKey('next');
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`, next);
  log.rotate(first, next);
  log.aheadMs += 15 * 24 * HOUR;
  log.settle();
  const digest = log.release(RECIPE);
  const voting = [next, second, third].map((key) => ({ key, infoHashV2: someInfoHash(1) }));
  log.decide(digest, voting);
  const { resolve } = await clientOf(context, log);
  const winner = requireWinner(await sameByProof(resolve, digest));
  assert.equal(winner.agreed.length, 3);
  assert.equal(winner.currentKeys[first.key], next.key);
});

test('after a revote the last round counts, and the rounds before it are not needed', async (context) => {
  const { log, digest } = decided([1, 1, 1]);
  const { resolve } = await clientOf(context, log);
  await sameByProof(resolve, digest);
  const asked = { ...log.bound(), release: digest, reason: 'the compiler was evil' };
  log.append(makeStatement('revote', { name: PACKAGE, sha256: digest }, asked), log.founders.slice(0, 2));
  log.settle();
  const during = await sameByProof(resolve, digest);
  assert.throws(() => requireWinner(during), { code: 'no-winner' });
  decide(log, digest, [2, 2, 2]);
  const winner = requireWinner(await sameByProof(resolve, digest));
  assert.equal(winner.group.infoHashV2, someInfoHash(2));
});
