import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { TallyClient, verifyFile } from '../../src/client/index.ts';
import { resolveRelease } from '../../src/client/resolve.ts';
import { formatProofBundle } from '../../src/log/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PACKAGE, someInfoHash, TestLog } from './test-log.ts';

const CONTENT = Buffer.from('what three builders made of it\n'.repeat(3000));
const signal = new AbortController().signal;

/** A downloaded file or folder with its proof, and the log that it is from. */
async function scene({ tree = false, votes = [0, 0, 0] as readonly number[] } = {}) {
  const folder = temporaryFolder('verify');
  const path = join(folder, tree ? 'small-1.0.0' : 'small.tgz');
  if (tree) await mkdir(join(path, 'deep'), { recursive: true });
  await writeFile(tree ? join(path, 'deep', 'small.js') : path, CONTENT);
  const { metainfo } = await createTorrent(path);
  const log = new TestLog();
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const digest = log.release(Buffer.from('recipe'));
  const infoHashV2 = toHex(metainfo.infoHashV2);
  const voting = log.founders.map((key, index) => ({
    key,
    infoHashV2: votes[index] === 0 ? infoHashV2 : someInfoHash(votes[index] ?? 1),
  }));
  log.decide(digest, voting, { name: basename(path), sizeBytes: CONTENT.length });
  const proof = async (): Promise<Uint8Array> =>
    formatProofBundle((await log.proof(digest)) ?? assert.fail());
  const stateFolder = join(folder, 'state');
  const verify = async (changes: Partial<Parameters<typeof verifyFile>[2]> = {}, bytes?: Uint8Array) =>
    verifyFile(path, bytes ?? (await proof()), {
      logKey: log.vkey,
      stateFolder,
      nowMs: () => log.nowMs(),
      signal,
      ...changes,
    });
  return { log, folder, path, digest, infoHashV2, proof, stateFolder, verify };
}

test('a file and a folder are verified by the proof alone, whatever the file is called now', async () => {
  for (const tree of [false, true]) {
    const { log, path, infoHashV2, verify, folder, proof, stateFolder } = await scene({ tree });
    const bytes = await proof();
    log.aheadMs += 3 * 86_400_000;
    const { winner, ageMs, isOutdated } = await verify({}, bytes);
    assert.equal(winner.group.infoHashV2, infoHashV2);
    assert.equal(Math.round(ageMs / 86_400_000), 3);
    assert.equal(isOutdated, false);
    const renamed = join(folder, 'downloads (1)');
    await rename(path, renamed);
    const options = { logKey: log.vkey, stateFolder, nowMs: () => log.nowMs(), signal };
    assert.equal((await verifyFile(renamed, bytes, options)).winner.group.infoHashV2, infoHashV2);
    assert.equal(log.requests.length, 0);
  }
});

test('content of one changed byte, and a folder with a file added, are a mismatch', async () => {
  const { path, verify } = await scene();
  const changed = Buffer.from(CONTENT);
  changed[70_000] = (changed[70_000] ?? 0) ^ 1;
  await writeFile(path, changed);
  await assert.rejects(verify(), { code: 'mismatch', message: /is not what the builders voted for/ });
  const folder = await scene({ tree: true });
  await writeFile(join(folder.path, 'deep', 'added.js'), 'not voted for');
  await assert.rejects(folder.verify(), { code: 'mismatch' });
});

test('a proof by another log, a proof too old, and one from a time to come are refused', async () => {
  const { log, verify, proof } = await scene();
  const bytes = await proof();
  await assert.rejects(verify({ logKey: generateKey('log.test/1').vkey }), {
    code: 'mismatch',
    message: /not signed by/,
  });
  log.aheadMs += 86_400_000;
  await assert.rejects(verify({ maxAgeMs: 3_600_000 }, bytes), { code: 'stale' });
  await verify({ maxAgeMs: 2 * 86_400_000 }, bytes);
  await assert.rejects(verify({ nowMs: () => log.nowMs() - 2 * 86_400_000 }, bytes), {
    code: 'stale',
    message: /ahead of this clock/,
  });
});

test('a proof without a winner, or on a weaker level than was asked for, verifies nothing', async () => {
  const split = await scene({ votes: [0, 2, 3] });
  await assert.rejects(split.verify(), { code: 'no-winner' });
  const { verify } = await scene();
  // Without a network nothing can be counted: the advice is a command that has one.
  await assert.rejects(verify({ level: 'proof' }), {
    code: 'no-quorum',
    message: /`bitquorum get --full` counts/,
  });
  await assert.rejects(verify({ level: 'full' }), {
    code: 'no-quorum',
    message: /^no proof comes to level "full"/,
  });
});

test('a proof is held against what this user has seen of the log: a fork is refused, an older state is told', async (context) => {
  const { log, verify, proof, stateFolder } = await scene();
  const early = await proof();
  await log.serve(context);
  log.decide(log.release(Buffer.from('other'), { package: 'pkg:npm/other@1.0.0' }), []);
  await resolveRelease(new TallyClient(log.url), PACKAGE, {
    logKey: log.vkey,
    stateFolder,
    signal,
    nowMs: () => log.nowMs(),
  });
  assert.equal((await verify({}, early)).isOutdated, true);
  const late = log.entries.at(-2) ?? assert.fail();
  late.set([(late[7] ?? 0) ^ 1], 7);
  await assert.rejects(verify(), { code: 'mismatch' });
});

test('the command: words, JSON, exit codes, and each entry as a tlog-proof of its own', async () => {
  const { log, folder, path, proof, infoHashV2 } = await scene();
  await writeFile(`${path}.bitquorum-proof`, await proof());
  const out = join(folder, 'extracted');
  const log1 = ['--log-key', log.vkey, '--state', join(folder, 'state')];
  // The log's clock is two minutes ahead of the machine's, as windows of a minute needed.
  const done = await run('verify', path, ...log1, '--json', '--extract', out);
  assert.equal(done.code, 0, done.stderr);
  const report = JSON.parse(done.stdout);
  assert.deepEqual([report.infoHashV2, report.level, report.agreed.length], [infoHashV2, 'tally', 3]);
  const files = await readdir(out);
  assert.ok(files.includes('0.tlog-proof') && files.includes('0.leaf'));
  const words = await run('verify', path, ...log1);
  assert.match(words.stdout, /level {5}tally: eligibility on the tally's word/);

  assert.match(words.stdout, /policy {4}"test" is a demo/);
  const named = ['--release', PACKAGE];
  assert.equal((await run('verify', path, ...log1, ...named)).code, 0);
  const other = await run('verify', path, ...log1, '--release', 'pkg:npm/small@2.0.0');
  assert.equal(other.code, 4, 'an older version with its proof is not the newer one');
  assert.match(other.stderr, /it is about pkg:npm\/small@1\.0\.0/);
  assert.equal((await run('verify', path, ...log1, '--release', 'small')).code, 2);
  assert.equal((await run('verify', path, ...log1, '--proof', '/dev/zero')).code, 2, 'it has no end');

  await cp(`${path}.bitquorum-proof`, join(folder, 'other.proof'));
  assert.equal((await run('verify', path, ...log1, '--level', 'proof')).code, 3);
  assert.equal((await run('verify', path, '--state', folder)).code, 2);
  await writeFile(path, 'other');
  assert.equal((await run('verify', path, ...log1, '--proof', join(folder, 'other.proof'))).code, 4);
});

async function run(...args: string[]) {
  const main = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, NO_COLOR: '1' } });
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { stdout, stderr, code };
}

async function textOf(stream: ChildProcess['stdout']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
