import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { toHex } from '../../src/bytes/index.ts';
import { generateKey, writeKeyFile } from '../../src/statement/index.ts';
import { createTorrent, parseMagnet } from '../../src/torrent/index.ts';
import { TestLog } from '../client/test-log.ts';
import { craftArchive, putInCache } from './archive.ts';
import { smallRecipe, temporaryFolder } from './recipes.ts';

const MAIN = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;

async function bitquorum(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, code };
}

test('rebuild shows the file, its SHA-256 and what it would be voted as', async (context) => {
  const folder = await temporaryFolder(context);
  const cache = join(folder, 'cache');
  const integrity = await putInCache(cache, craftArchive([{ path: 'package/hello.txt', content: 'hello' }]));
  const script = `import { copyFileSync } from 'node:fs'; copyFileSync('source/hello.txt', 'out/a.txt');`;
  const recipe = join(folder, 'recipe.toml');
  await writeFile(recipe, smallRecipe({ integrity, script }));
  const common = ['rebuild', recipe, '--out', join(folder, 'out'), '--cache', cache, '--trust-release'];
  const { stdout, stderr, code } = await bitquorum([...common, '--json']);
  assert.equal(code, 0, stderr);
  const path = join(folder, 'out', 'a.txt');
  assert.equal(await readFile(path, 'utf8'), 'hello');
  const { metainfo } = await createTorrent(path);
  const { sandboxed, ...report } = JSON.parse(stdout);
  assert.equal(typeof sandboxed, 'boolean');
  assert.deepEqual(report, {
    package: 'pkg:npm/small@1.0.0',
    path,
    sizeBytes: 5,
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    infoHashV2: toHex(metainfo.infoHashV2),
  });
  await writeFile(recipe, smallRecipe({ integrity, script: 'process.exit(9)' }));
  const failed = await bitquorum(common);
  assert.deepEqual([failed.code, failed.stdout], [1, '']);
  assert.match(failed.stderr, /step "make" ended with 9/);
});

test('a release is published, listed and shown from the command line', async (context) => {
  const folder = await temporaryFolder(context);
  const log = new TestLog();
  for (const founder of log.founders) log.register(founder, founder.name);
  await log.serve(context);
  await mkdir(join(folder, 'keys'));
  await writeKeyFile(join(folder, 'keys', 'publisher'), log.publisher);
  const env = { BITQUORUM_TALLY: log.url, BITQUORUM_LOG_KEY: log.vkey, XDG_STATE_HOME: folder };
  const recipe = new URL('../../examples/noble-hashes/1.8.0.toml', import.meta.url).pathname;
  const publish = ['release', 'publish', recipe, '--key', join(folder, 'keys', 'publisher'), '--json'];
  const published = await bitquorum([...publish, '--commit-seconds', '5'], env);
  assert.equal(published.code, 0, published.stderr);
  const { release, commitSeconds, voteSeconds } = JSON.parse(published.stdout);
  assert.deepEqual([commitSeconds, voteSeconds], [5, 1]);
  const listed = await bitquorum(['release', 'list'], env);
  assert.match(
    listed.stdout,
    new RegExp(`^${release.slice(0, 12)}  announced +pkg:npm/%40noble/hashes@1.8.0\n$`),
  );
  const shown = await bitquorum(['release', 'show', 'pkg:npm/%40noble/hashes@1.8.0', '--json'], env);
  assert.equal(JSON.parse(shown.stdout).release.digest, release);
  assert.deepEqual(await readdir(join(folder, 'bitquorum')), ['logs']);
});

test('wrong use says what to write, with exit code 2', async () => {
  for (const [args, words] of [
    [['get', 'pkg:npm/small@1.0.0'], /--tally URL, or set BITQUORUM_TALLY/],
    [['release', 'list', '--tally', 'http://127.0.0.1:1'], /--log-key VKEY/],
    [['builder', 'run'], /--key/],
    [['rebuild'], /missing required argument 'recipe'/],
  ] as const) {
    const { code, stderr, stdout } = await bitquorum(args, { BITQUORUM_TALLY: '', BITQUORUM_LOG_KEY: '' });
    assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, words);
  }
});

test('announce-url prints the secret URL of a builder, and seed shows others a magnet link without it', async (context) => {
  const folder = await temporaryFolder(context);
  const keyFile = join(folder, 'ada.key');
  const signer = generateKey('ada');
  await writeKeyFile(keyFile, signer);
  const logKey = generateKey('log.example').vkey;
  const tally = ['--tally', 'http://127.0.0.1:9/base', '--log-key', logKey];
  const { stdout, stderr, code } = await bitquorum(['builder', 'announce-url', '--key', keyFile, ...tally]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `http://127.0.0.1:9/base/announce/${signer.announceToken('log.example')}\n`);
  assert.match(stderr, /keep it secret/);

  const content = join(folder, 'content.txt');
  await writeFile(content, 'hello');
  const child = spawn(process.execPath, [MAIN, 'seed', content, '--tracker', stdout.trim(), '--json']);
  context.after(() => child.kill('SIGKILL'));
  const events: { event: string; magnet: string }[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    events.push(JSON.parse(line));
    if (events.at(-1)?.event === 'seeding') break;
  }
  const { trackers } = parseMagnet(events.at(-1)?.magnet ?? '');
  assert.deepEqual(trackers, ['http://127.0.0.1:9/base/announce']);
});
