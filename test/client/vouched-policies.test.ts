// New policies in proofs: a proof can leave out that founders' keys were revoked, so monitors have to vouch.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TallyClient, verifyFile } from '../../src/client/index.ts';
import { type ResolveOptions, requireWinner, resolveRelease } from '../../src/client/resolve.ts';
import { SeenPolicy } from '../../src/client/seen-policy.ts';
import {
  decodeLeaf,
  encodeLeaf,
  formatProofBundle,
  type ProofBundle,
  type ProvedState,
  parseProofBundle,
} from '../../src/log/index.ts';
import { formatStateNote, signNote } from '../../src/note/index.ts';
import {
  generateKey,
  makeStatement,
  openEnvelope,
  type PolicyRules,
  type PrivateKey,
  sha256,
  signStatement,
  verifyEnvelope,
} from '../../src/statement/index.ts';
import { countEntry, emptyTally, type Tally } from '../../src/tally/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { someInfoHash, TestLog } from './test-log.ts';

const DAY = 86_400_000;
const signal = new AbortController().signal;

type Monitors = PolicyRules['monitors'];
const named = (...keys: readonly PrivateKey[]): Monitors => ({
  keys: keys.map(({ vkey }) => vkey),
  quorum: keys.length,
});

/** A log whose first policy names a monitor, or none. */
function scene({ watched = true } = {}) {
  const monitor = generateKey('monitor');
  const third = generateKey('third');
  const log = new TestLog('log.test/1', watched ? { monitors: named(monitor) } : {});
  for (const [index, key] of [...log.founders, third].entries()) log.register(key, `operator ${index}`);
  const [first, second] = log.founders as [PrivateKey, PrivateKey];

  /** Founders' keys, by the number of the release. */
  const decide = (number: number, keys: readonly PrivateKey[], ...signers: readonly PrivateKey[]): string => {
    const name = `pkg:npm/small@1.0.${number}`;
    const digest = log.release(Buffer.from(`recipe ${number}`), { package: name });
    const infoHashV2 = someInfoHash(number);
    log.decide(
      digest,
      keys.map((key) => ({ key, infoHashV2 })),
    );
    if (signers.length > 0) log.monitor(...signers);
    return name;
  };
  /** What founders sign to change the rules in 14 days. */
  const policyOf = (changes: Partial<PolicyRules>, signers: readonly PrivateKey[]): Uint8Array => {
    const rules = { ...(log.tally.policy?.rules ?? assert.fail()), ...changes };
    const said = { ...log.bound(), rules, effectiveMs: log.nowMs() + 14.1 * DAY };
    const subject = { name: 'policy', sha256: '11'.repeat(32) };
    return signStatement(makeStatement('policy', subject, said), signers);
  };
  const pass = (days: number): void => {
    for (let day = 0; day < days; day += 1) {
      log.aheadMs += DAY;
      log.settle();
    }
  };
  /** The operator and whoever stole the keys of two founders, which were revoked, log a policy of their own. */
  const usurp = (changes: Partial<PolicyRules>, signed: readonly PrivateKey[] = []): void => {
    for (const stolen of [first, second]) {
      const why = { ...log.bound(), builder: stolen.key, reason: 'the key was stolen' };
      const subject = { name: 'revoke', sha256: stolen.key };
      hide(log, signStatement(makeStatement('revoke', subject, why), [stolen]));
    }
    log.appendEnvelope(
      policyOf({ founders: [first.key, second.key, third.key], ...changes }, [first, second]),
    );
    log.settle();
    if (signed.length > 0) log.monitor(...signed);
    pass(15);
  };
  const thieves = [first, second, third];
  return { log, monitor, thieves, decide, policyOf, pass, usurp };
}

/** Appends an entry that the operator's own count takes for a heartbeat, so that its proofs leave it out. */
function hide(log: TestLog, envelope: Uint8Array): number {
  const { entries, logKey, tally } = log;
  const index = entries.length;
  const timeMs = Math.max(log.nowMs(), tally.timeMs);
  entries.push(encodeLeaf({ timeMs, envelope }));
  const statement = makeStatement('heartbeat', { name: 'heartbeat', sha256: '00'.repeat(32) }, log.bound());
  countEntry(tally, { index, timeMs, statement, payloadDigest: '22'.repeat(32), signers: [logKey.key] });
  return index;
}

async function reader(context: TestContext, log: TestLog) {
  if (log.url === '') await log.serve(context);
  const stateFolder = temporaryFolder('vouched');
  const trust = { logKey: log.vkey, stateFolder, signal, nowMs: () => log.nowMs() };
  const resolve = (name: string, changes: Partial<ResolveOptions> = {}) =>
    resolveRelease(new TallyClient(log.url), name, { ...trust, ...changes });
  const verify = (bundle: ProofBundle) => verifyFile(stateFolder, formatProofBundle(bundle), trust);
  return { stateFolder, resolve, verify };
}

test('founders’ keys that were stolen and revoked convince nobody with the operator, not on the first visit and not offline', async (context) => {
  const evil = generateKey('evil');
  for (const monitors of [named(evil), named()]) {
    const { log, thieves, decide, usurp } = scene();
    usurp({ monitors });
    const name = decide(6, thieves, evil);
    const { resolve, verify } = await reader(context, log);
    const why = { code: 'no-quorum', message: /names do not vouch for it/ };
    await assert.rejects(resolve(name), why);
    await assert.rejects(resolve(name, { level: 'proof' }), why);
    await assert.rejects(verify((await log.proof(log.liveRelease(name))) ?? assert.fail()), why);
    await assert.rejects(resolve(name, { full: true }), { code: 'mismatch' });
    const believed = requireWinner(await resolve(name, { level: 'tally' }));
    assert.equal(believed.level, 'tally', 'whoever says so believes the tally');
  }
});

test('nothing that the operator makes up in their place vouches for a policy', async (context) => {
  const evil = generateKey('evil');
  const { log, monitor, thieves, decide, usurp, policyOf } = scene();
  decide(1, log.founders, monitor);
  const before = log.tally.light.last?.index ?? assert.fail();
  log.appendEnvelope(policyOf({ panelSeats: 4 }, log.founders)); // for this one the monitor vouches
  log.settle();
  log.monitor(monitor);
  const [, voucher] = [...log.vouchers][0] ?? assert.fail();
  usurp({ monitors: named(evil) });
  const name = decide(6, thieves, evil);
  const { resolve, verify } = await reader(context, log);
  const bundle = (await log.proof(log.liveRelease(name))) ?? assert.fail();

  const key = `policy:${log.tally.policy?.index}`;
  const own = log.tally.light.recent[0] ?? assert.fail();
  const ownRoot = own.map.root();
  const values = [{ key, value: own.map.get(key) ?? assert.fail(), proof: own.map.prove(key) }];
  const signed = (index: number, by: PrivateKey): Uint8Array =>
    signNote(formatStateNote({ origin: log.logKey.name, index, root: ownRoot }), [by]);
  const showing = async (state: ProvedState, index = state.index): Promise<ProofBundle> => {
    const indices = new Set([...bundle.entries.map((each) => each.index), index]);
    const { entries } = await log.proofOf([...indices].toSorted((left, right) => left - right));
    return { ...bundle, entries, earlier: [state] };
  };
  const note = voucher.note ?? assert.fail();
  const [value] = voucher.values;
  assert.ok(value !== undefined);
  const attempts: Record<string, { bundle: ProofBundle; why: RegExp }> = {
    'nobody’s signature': { bundle: await showing({ index: own.index, values }), why: /do not vouch/ },
    'what was signed for another policy': { bundle: await showing(voucher), why: /do not vouch/ },
    'a signature on another state': {
      bundle: await showing({ index: own.index, values, note }),
      why: /is not the log's state/,
    },
    'a monitor of the new policy': {
      bundle: await showing({ index: own.index, values, note: signed(own.index, evil) }),
      why: /do not vouch/,
    },
    'a value that the signed state does not hold': {
      bundle: await showing({ ...voucher, values: [{ ...value, key }] }),
      why: /what the log's state does not hold/,
    },
    'a state from before the policy': {
      bundle: await showing({ index: before, values, note: signed(before, monitor) }),
      why: /what the log's state does not hold/,
    },
    'an entry that is no state': {
      bundle: await showing({ index: 1, values, note: signed(1, monitor) }),
      why: /of no state entry/,
    },
  };
  for (const [what, attempt] of Object.entries(attempts)) {
    await assert.rejects(verify(attempt.bundle), { message: attempt.why }, what);
    log.meddle = (request, response) => {
      const isProof = request.url?.startsWith('/api/v1/proof') ?? false;
      if (isProof) response.end(formatProofBundle(attempt.bundle));
      return isProof;
    };
    await assert.rejects(resolve(name), { message: attempt.why }, what);
  }
});

test('an honest new policy is believed at once, by whoever came before or not, when the monitors before vouched for it', async (context) => {
  for (const same of [true, false]) {
    const { log, monitor, decide, policyOf, pass } = scene();
    const next = same ? monitor : generateKey('next');
    const old = await reader(context, log);
    const name = decide(1, log.founders, monitor);
    await old.resolve(name, { level: 'proof' });
    log.appendEnvelope(policyOf({ monitors: named(next) }, log.founders));
    log.settle();
    if (!same) log.monitor(monitor);
    pass(15);
    log.monitor(next);
    const bundle = (await log.proof(log.liveRelease(name))) ?? assert.fail();
    assert.equal(bundle.earlier?.length, same ? undefined : 1, 'the newest state vouches where it can');
    assert.deepEqual(parseProofBundle(formatProofBundle(bundle)), bundle);
    for (const each of [old, await reader(context, log)]) {
      const { level, mentions } = await each.resolve(name, { level: 'proof' });
      assert.equal(level, 'proof');
      assert.deepEqual(mentions, []);
    }
  }
});

test('monitors that change again and again are followed step by step; one step missing ends it until a full count', async (context) => {
  const { log, monitor, decide, policyOf, pass } = scene();
  const name = decide(1, log.founders, monitor);
  const monitors = [monitor, ...['a', 'b', 'c', 'd'].map((each) => generateKey(each))];
  const taken: number[] = [];
  for (const [at, next] of monitors.entries()) {
    if (at === 0) continue;
    taken.push(log.appendEnvelope(policyOf({ monitors: named(next) }, log.founders)));
    log.settle();
    log.monitor(monitors[at - 1] as PrivateKey);
    pass(15);
  }
  log.monitor(monitors.at(-1) as PrivateKey);
  const { resolve } = await reader(context, log);
  assert.equal((await resolve(name)).level, 'proof');
  assert.deepEqual([...log.vouchers.keys()], taken);
  for (const policy of taken) {
    const voucher = log.vouchers.get(policy) ?? assert.fail();
    log.vouchers.delete(policy);
    const newcomer = await reader(context, log);
    await assert.rejects(newcomer.resolve(name), {
      code: 'no-quorum',
      message: new RegExp(`that of entry ${policy} names`),
    });
    await newcomer.resolve(name, { full: true });
    assert.equal((await newcomer.resolve(name)).level, 'proof', 'who counted knows');
    log.vouchers.set(policy, voucher);
  }
});

test('a policy that waits for its day needs nobody to vouch for it yet', async (context) => {
  const { log, monitor, decide, policyOf } = scene();
  const name = decide(1, log.founders, monitor);
  log.appendEnvelope(policyOf({ monitors: named(generateKey('next')) }, log.founders));
  const { resolve } = await reader(context, log);
  assert.equal((await resolve(name)).level, 'proof');
});

test('where the policy before names no monitors, a new one stands on founders’ keys, and that is said', async (context) => {
  const { log, decide, policyOf, pass } = scene({ watched: false });
  const next = generateKey('next');
  const policy = log.appendEnvelope(policyOf({ monitors: named(next) }, log.founders));
  pass(15);
  const name = decide(1, log.founders, next);
  const { resolve } = await reader(context, log);
  const { level, mentions } = await resolve(name, { level: 'proof' });
  assert.equal(level, 'proof');
  assert.deepEqual(
    mentions.map(({ about }) => about),
    ['policy'],
  );
  assert.match(
    mentions[0]?.text ?? '',
    new RegExp(`policy of entry ${policy} followed one without monitors`),
  );
});

test('known limit: with the keys of a quorum of monitors too, be they of a policy long replaced, they still convince who comes for the first time', async (context) => {
  const { log, monitor, thieves, decide, policyOf, pass, usurp } = scene();
  const replaced = hide(log, policyOf({ monitors: named(generateKey('next')) }, log.founders));
  pass(15);
  const before = await reader(context, log);
  await new SeenPolicy(before.stateFolder, log.vkey).see(countOf(log));
  pass(15);
  const evil = generateKey('evil');
  usurp({ monitors: named(evil) }, [monitor]);
  const name = decide(6, thieves, evil);
  const { resolve } = await reader(context, log);
  const fooled = requireWinner(await resolve(name, { level: 'proof' }));
  assert.deepEqual([fooled.level, fooled.group.infoHashV2], ['proof', someInfoHash(6)]);
  await assert.rejects(resolve(name, { full: true }), { code: 'mismatch' });
  await assert.rejects(before.resolve(name), {
    code: 'no-quorum',
    message: new RegExp(`passes over the one of entry ${replaced} that you knew`),
  });
});

/** An honest count of what a log holds. */
function countOf({ logKey, entries }: TestLog): Tally {
  const tally = emptyTally({ origin: logKey.name, logKey: logKey.key, sha256 });
  for (const [index, leaf] of entries.entries()) {
    const { timeMs, envelope } = decodeLeaf(leaf);
    const opened = openEnvelope(envelope);
    const { statement, payloadDigest } = opened;
    countEntry(tally, { index, timeMs, statement, payloadDigest, signers: verifyEnvelope(opened) });
  }
  return tally;
}
