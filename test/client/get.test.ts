import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { getRelease, TallyClient } from '../../src/client/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PACKAGE, someInfoHash, TestLog } from './test-log.ts';

const CONTENT = Buffer.from('what three builders made of it\n'.repeat(3000));

interface Scene {
  readonly log: TestLog;
  readonly out: string;
  readonly stateFolder: string;
  readonly peer: { readonly host: string; readonly port: number };
  readonly infoHashV2: string;
  readonly get: (replace?: boolean) => ReturnType<typeof getRelease>;
}

interface Setting {
  /** What is made into the torrent, and what the seeder then has. */
  readonly seeded?: Buffer;
  /** What the builders say of their output. */
  readonly said?: string;
  readonly tree?: boolean;
  readonly votes?: boolean;
}

/** A log in which three founders voted for a torrent, and a seeder that has it, or something else. */
async function scene(context: TestContext, setting: Setting = {}): Promise<Scene> {
  const { seeded = CONTENT, tree = false, votes = true } = setting;
  const folder = temporaryFolder('get');
  const path = join(folder, 'seed', tree ? 'small-1.0.0' : 'small.tgz');
  const file = tree ? join(path, 'deep', 'small.tgz') : path;
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, CONTENT);
  const { metainfo } = await createTorrent(path);
  await writeFile(file, seeded);
  const engine = new Engine();
  const peer = await engine.listen();
  context.after(() => engine.close());
  await engine.seed(metainfo, path, { isVerified: true });
  const infoHashV2 = toHex(metainfo.infoHashV2);

  const log = new TestLog();
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const digest = log.release(Buffer.from('recipe'));
  const sha256 = tree ? undefined : (setting.said ?? createHash('sha256').update(CONTENT).digest('hex'));
  const output = { name: metainfo.name, sizeBytes: CONTENT.length, ...(sha256 !== undefined && { sha256 }) };
  log.decide(
    digest,
    log.founders.map((key, index) => ({ key, infoHashV2: votes ? infoHashV2 : someInfoHash(index) })),
    output,
  );
  await log.serve(context);
  const out = join(folder, 'out');
  const stateFolder = join(folder, 'state');
  const get: Scene['get'] = (replace = false) =>
    getRelease(new TallyClient(log.url), PACKAGE, {
      logKey: log.vkey,
      stateFolder,
      outFolder: out,
      peers: [peer],
      replace,
      signal: AbortSignal.timeout(20_000),
      nowMs: () => log.nowMs(),
    });
  return { log, out, stateFolder, peer, infoHashV2, get };
}

test('the winner is downloaded, verified and put in its place; a second time it is there already', async (context) => {
  const { out, infoHashV2, get } = await scene(context);
  const got = await get();
  assert.equal(got.path, join(out, 'small.tgz'));
  assert.equal(got.sha256, createHash('sha256').update(CONTENT).digest('hex'));
  assert.equal(got.winner.group.infoHashV2, infoHashV2);
  assert.equal(got.alreadyThere, false);
  assert.deepEqual(await readFile(got.path), CONTENT);
  assert.equal((await get()).alreadyThere, true);
  assert.deepEqual(await readdir(out), ['small.tgz', 'small.tgz.bitquorum-proof']);
});

test('a release that is a folder is got as a folder', async (context) => {
  const { out, get } = await scene(context, { tree: true });
  assert.equal((await get()).sha256, undefined);
  assert.deepEqual(await readFile(join(out, 'small-1.0.0', 'deep', 'small.tgz')), CONTENT);
  await writeFile(join(out, 'small-1.0.0', 'deep', 'small.tgz'), 'other');
  await assert.rejects(get(), { code: 'target-exists' });
  await get(true);
  assert.deepEqual(await readFile(join(out, 'small-1.0.0', 'deep', 'small.tgz')), CONTENT);
  assert.deepEqual(await readdir(out), ['small-1.0.0', 'small-1.0.0.bitquorum-proof']);
});

test('a folder that holds more than the release, or leads elsewhere, is not the release', async (context) => {
  const { out, get } = await scene(context, { tree: true });
  const { path } = await get();
  await writeFile(join(path, 'deep', 'added.js'), 'not voted for');
  await assert.rejects(get(), { code: 'target-exists' });
  assert.equal((await get(true)).alreadyThere, false);
  assert.deepEqual(await readdir(join(path, 'deep')), ['small.tgz']);
  await rename(join(path, 'deep'), join(out, 'elsewhere'));
  await symlink(join(out, 'elsewhere'), join(path, 'deep'));
  await assert.rejects(get(), { code: 'target-exists' });
});

test('another file at the target’s place stays, unless it is to be replaced', async (context) => {
  const { out, get } = await scene(context);
  await mkdir(out);
  await writeFile(join(out, 'small.tgz'), 'mine');
  await assert.rejects(get(), { code: 'target-exists', message: /--force/ });
  assert.equal(await readFile(join(out, 'small.tgz'), 'utf8'), 'mine');
  assert.deepEqual(await readdir(out), ['small.tgz']);
  await get(true);
  assert.deepEqual(await readFile(join(out, 'small.tgz')), CONTENT);
  assert.deepEqual(await readdir(out), ['small.tgz', 'small.tgz.bitquorum-proof']);
});

test('what stands at the place of the proof stays, unless it is a proof or is to be replaced', async (context) => {
  const { out, get } = await scene(context);
  const place = join(out, 'small.tgz.bitquorum-proof');
  await mkdir(out, { recursive: true });
  await writeFile(place, 'letters of mine');
  await assert.rejects(get(), { code: 'target-exists', message: /bitquorum-proof exists/ });
  assert.deepEqual(await readdir(out), ['small.tgz.bitquorum-proof'], 'nothing new stands there');
  assert.equal(await readFile(place, 'utf8'), 'letters of mine');
  await get(true);
  await get();
  await rm(place);
  await mkdir(place);
  await assert.rejects(get(true), { code: 'target-exists' });
});

test('a seeder with other bytes gives nothing but what was verified, for the next time', async (context) => {
  const changed = Buffer.from(CONTENT);
  changed[40_000] = (changed[40_000] ?? 0) ^ 1;
  const { log, peer, out, stateFolder } = await scene(context, { seeded: changed });
  const signal = AbortSignal.timeout(3000);
  const attempt = getRelease(new TallyClient(log.url), PACKAGE, {
    logKey: log.vkey,
    stateFolder,
    outFolder: out,
    peers: [peer],
    signal,
    nowMs: () => log.nowMs(),
  });
  await assert.rejects(attempt);
  const [hidden, ...others] = await readdir(out);
  assert.match(hidden ?? '', /^\.bitquorum-[0-9a-f]{64}$/);
  assert.deepEqual(others, []);
});

test('content that is not what the builders wrote of it is a mismatch, and nothing is left', async (context) => {
  const { out, get } = await scene(context, { said: '00'.repeat(32) });
  await assert.rejects(get(), { code: 'mismatch', message: /wrote SHA-256 0000/ });
  assert.deepEqual(await readdir(out), []);
});

test('the command prints file, SHA-256 and who agreed; exit codes tell no winner and mismatch apart', async (context) => {
  const good = await scene(context);
  const done = await runGet(good);
  assert.equal(done.code, 0, done.stderr);
  const report = JSON.parse(done.stdout);
  assert.equal(report.path, join(good.out, 'small.tgz'));
  assert.equal(report.sha256, createHash('sha256').update(CONTENT).digest('hex'));
  assert.deepEqual(
    report.agreed.map(({ operator }: { operator: string }) => operator),
    ['operator 0', 'operator 1', 'operator 2'].sort((a, b) => byKey(good.log, a) - byKey(good.log, b)),
  );

  const split = await runGet(await scene(context, { votes: false }));
  assert.equal(split.code, 3, split.stderr);
  assert.equal(JSON.parse(split.stdout).release.groups.length, 3);

  good.log.entries.pop();
  const rolledBack = await runGet(good, '--full');
  assert.equal(rolledBack.code, 4, rolledBack.stderr);
  assert.match(rolledBack.stderr, /rolled back/);
  assert.equal(rolledBack.stdout, '');
});

/** Where an operator's key stands among the panel's, which is sorted. */
function byKey(log: TestLog, operator: string): number {
  const keys = log.founders.map(({ key }) => key).sort();
  return keys.indexOf(log.founders[Number(operator.at(-1))]?.key ?? '');
}

async function runGet({ log, out, stateFolder, peer }: Scene, ...more: string[]) {
  const main = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;
  const args = ['get', PACKAGE, '--json', '--out', out, '--state', stateFolder, ...more];
  const child = spawn(process.execPath, [main, ...args, '--peer', `${peer.host}:${peer.port}`], {
    env: { ...process.env, BITQUORUM_TALLY: log.url, BITQUORUM_LOG_KEY: log.vkey },
  });
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
