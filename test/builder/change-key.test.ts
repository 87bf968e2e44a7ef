import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { revokeBuilder, rotateKey, runBuilder } from '../../src/builder/index.ts';
import { ownIdentity } from '../../src/builder/own-identity.ts';
import { registerBuilder } from '../../src/builder/register.ts';
import { TallyClient } from '../../src/client/index.ts';
import { decodeLeaf } from '../../src/log/index.ts';
import { Ledger } from '../../src/service/ledger.ts';
import {
  announceDigestOf,
  generateKey,
  makeStatement,
  nextKeyDigest,
  type PolicyRules,
  type PrivateKey,
  readKeyFile,
  sha256,
  verifiedEnvelope,
  writeKeyFile,
} from '../../src/statement/index.ts';
import { identityOf } from '../../src/tally/index.ts';
import { TestLog } from '../client/test-log.ts';
import { smallRecipe, temporaryFolder } from './recipes.ts';

const MAIN = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;

/** A builder of a log that serves on loopback, with its data folder and its next key. */
async function scene(context: TestContext, rules: Partial<PolicyRules> = {}) {
  const folder = await temporaryFolder(context);
  const log = new TestLog('log.test/1', rules);
  const client = new TallyClient(await log.serve(context));
  const signer = generateKey('ada.example/builder');
  const signal = AbortSignal.timeout(30_000);
  const dataFolder = join(folder, 'data');
  const options = { logKey: log.vkey, stateFolder: join(folder, 'state'), signal, nowMs: Date.now };
  await mkdir(dataFolder);
  const origin = log.logKey.name;
  await registerBuilder(
    client,
    signer,
    { operator: 'Ada', prefixes: [] },
    { origin, dataFolder, nowMs: Date.now, signal },
  );
  const nextFile = join(dataFolder, 'next.key');
  const out = join(folder, 'new.key');
  const next = await readKeyFile(nextFile);
  const rotate = (to = out, builder?: string) =>
    rotateKey(client, dataFolder, to, { ...options, ...(builder !== undefined && { builder }) });
  const revoke = (key: PrivateKey) => revokeBuilder(client, key, 'the laptop was stolen', options);
  const life = () => log.tally.builders.get(signer.key)?.life ?? assert.fail();
  return { folder, log, client, signer, next, nextFile, out, rotate, revoke, life };
}

test('a builder rotates to the key it committed to, without the old one, and commits to another', async (context) => {
  const { log, signer, next, nextFile, out, rotate, life } = await scene(context);
  const rotated = await rotate();
  assert.deepEqual(rotated, { builder: signer.key, key: next.key, vkey: next.vkey, index: 2 });
  assert.equal((await readKeyFile(out)).key, next.key);
  const later = await readKeyFile(nextFile);
  const { predicate } = log.tally.builders.get(signer.key) ?? assert.fail();
  assert.equal(predicate.nextKey, nextKeyDigest(later.key, sha256));
  assert.equal(predicate.announceDigest, announceDigestOf(next.announceToken(log.logKey.name)));
  assert.equal(life().currentKey, next.key);

  assert.equal(ownIdentity(log.tally, next.key), signer.key);
  assert.equal(identityOf(log.tally, signer.key), undefined);
  assert.throws(() => ownIdentity(log.tally, signer.key), {
    code: 'bad-state',
    message: /has rotated to the key/,
  });

  const again = await rotate(join(out, '..', 'newest.key'));
  assert.deepEqual([again.builder, again.key, again.index], [signer.key, later.key, 3]);
});

for (const [when, undo] of [
  ['after the new keys were written', 'logged'],
  ['after the entry was logged', 'renamed'],
] as const) {
  test(`a rotation that was stopped ${when} goes on when it is run again`, async (context) => {
    const { folder, log, next, nextFile, out, rotate, life } = await scene(context);
    if (undo === 'logged') {
      log.meddle = ({ method }, response) => {
        if (method !== 'POST') return false;
        response.destroy();
        return true;
      };
      await assert.rejects(rotate(), { code: 'unreachable' });
      assert.deepEqual((await readdir(join(folder, 'data'))).sort(), ['lock', 'next.key', 'next.key.later']);
      log.meddle = () => false;
    } else {
      await rotate();
      await rename(nextFile, `${nextFile}.later`);
      await copyFile(out, nextFile);
    }
    const later = await readKeyFile(`${nextFile}.later`);
    const { index, key } = await rotate();
    assert.deepEqual([index, key], [undo === 'logged' ? 2 : null, next.key]);
    assert.equal(log.entries.length, 3);
    assert.equal((await readKeyFile(nextFile)).key, later.key);
    assert.equal(life().currentKey, next.key);
    assert.deepEqual((await readdir(join(folder, 'data'))).sort(), ['lock', 'next.key']);
  });
}

test('run again when it is done, with the same file, it does not rotate a second time', async (context) => {
  const { log, out, rotate } = await scene(context);
  await rotate();
  await assert.rejects(rotate(), {
    code: 'bad-state',
    message: /new\.key holds something else than this key/,
  });
  assert.equal(log.entries.length, 3);
  assert.ok((await readKeyFile(out)).key);
});

test('without next.key, and with one that nobody committed to, nothing is logged', async (context) => {
  const { log, nextFile, rotate } = await scene(context);
  await rm(nextFile);
  await assert.rejects(rotate(), { code: 'bad-state', message: /next\.key is not there/ });
  await writeKeyFile(nextFile, generateKey('stranger'));
  await assert.rejects(rotate(), { code: 'refused', message: /no builder of this log .* has the key/ });
  assert.equal(log.entries.length, 2);
});

test('whoever commits to the next key of another builder gets nothing, and stops nobody', async (context) => {
  const { log, signer, next, out, rotate, life } = await scene(context);
  const eve = generateKey('eve');
  const predicate = {
    ...log.bound(),
    vkey: eve.vkey,
    nextKey: nextKeyDigest(next.key, sha256),
    operator: 'Eve',
    platforms: ['any'],
    prefixes: [],
    announceDigest: announceDigestOf(eve.announceToken(log.logKey.name)),
  };
  log.append(makeStatement('builder', { name: 'Eve', sha256: eve.key }, predicate), [eve]);
  await assert.rejects(rotate(), {
    code: 'refused',
    message: /2 builders .* say which is yours by --builder/,
  });
  const { builder } = await rotate(out, signer.key);
  assert.equal(builder, signer.key);
  assert.equal(life().currentKey, next.key);
});

test('a builder is revoked by its key or by the next one, for ever', async (context) => {
  const first = await scene(context);
  assert.deepEqual(await first.revoke(first.signer), { builder: first.signer.key, index: 2 });
  assert.equal(first.life().revoked?.index, 2);
  assert.throws(() => ownIdentity(first.log.tally, first.signer.key), {
    code: 'bad-state',
    message: /revoked/,
  });
  await assert.rejects(first.rotate(), { code: 'refused' });

  const second = await scene(context);
  assert.deepEqual(await second.revoke(second.next), { builder: second.signer.key, index: 2 });
  await assert.rejects(second.revoke(generateKey('stranger')), { code: 'refused' });
});

test('a builder that rotated builds on under its first key, and the tally knows its votes as that builder’s', async (context) => {
  const { folder, log, signer, next, rotate } = await scene(context, { coolingDays: 0 });
  await rotate();
  for (const founder of log.founders) log.register(founder, founder.name);
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const sources = [{ name: 'small', uri: 'pkg:npm/small@1.0.0', integrity }];
  const digest = log.release(Buffer.from(smallRecipe({ integrity })), { sources });
  const ended = new AbortController();
  const events = new EventEmitter();
  const running = runBuilder({
    tally: log.url,
    logKey: log.vkey,
    signer: next,
    dataFolder: join(folder, 'data'),
    cacheFolder: join(folder, 'cache'),
    listen: { host: '127.0.0.1', port: 0 },
    strategy: {
      makeArtifact: async ({ outputFolder }) => {
        const path = join(outputFolder, 'small.txt');
        await writeFile(path, 'small');
        return { path, name: 'small.txt' };
      },
    },
    signal: ended.signal,
    onEvent: (event) => {
      events.emit(event.event, event);
      if (event.event === 'failed') ended.abort();
    },
  });
  const until = (name: string) => Promise.race([once(events, name), running.then(() => assert.fail(name))]);
  const ballot = () => log.tally.releases.get(digest)?.ballots.get(signer.key);
  await until('committed');
  assert.ok(ballot()?.commit !== undefined);
  const voted = until('voted');
  log.aheadMs += 61_000;
  log.settle();
  await voted;
  ended.abort();
  await running;
  const { infoHashV2 } = ballot()?.vote ?? assert.fail();

  const ledger = new Ledger(log.logKey.name, log.logKey.key);
  for (const [index, entry] of log.entries.entries()) {
    const { timeMs, envelope } = decodeLeaf(entry);
    ledger.count({ index, timeMs, envelope }, verifiedEnvelope(envelope));
  }
  assert.equal(ledger.builderOfKey(next.key), signer.key);
  const [waiting] = ledger.votes.waiting(signer.key, infoHashV2.slice(0, 40));
  assert.deepEqual(waiting, { release: digest, builder: signer.key, infoHashV2 });
});

test('bitquorum builder rotate and revoke', async (context) => {
  const { folder, log, signer, next, out } = await scene(context);
  const run = async (...args: string[]) => {
    const state = ['--tally', log.url, '--log-key', log.vkey, '--state', join(folder, 'state'), '--json'];
    const child = spawn(process.execPath, [MAIN, 'builder', ...args, ...state]);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, stdout, stderr };
  };
  const data = join(folder, 'data');
  const rotated = await run('rotate', '--data', data, '--out', out);
  assert.equal(rotated.code, 0, rotated.stderr);
  assert.deepEqual(JSON.parse(rotated.stdout), {
    builder: signer.key,
    key: next.key,
    vkey: next.vkey,
    index: 2,
    path: out,
  });
  assert.match(rotated.stderr, /From now on run the builder with --key/);
  const wrong = await run('rotate', '--data', data, '--out', out, '--builder', 'ada');
  assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
  const revoked = await run('revoke', '--key', out, '--reason', 'sold the machine');
  assert.deepEqual(JSON.parse(revoked.stdout), { builder: signer.key, index: 3 });
});
