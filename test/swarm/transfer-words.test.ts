// What `bitquorum download` and `seed` say to those who wait, and what their options for transfers do.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { seedingWords, wordsOf } from '../../src/cli/transfer-progress.ts';
import { Engine, type SwarmProgress } from '../../src/swarm/index.ts';
import { isEvent, program, start } from './command-process.ts';
import { fingerprint, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { startScripted } from './scripted-peer.ts';

const run = promisify(execFile);

test('who waits hears what was tried and what to do, and --timeout gives up', async (context) => {
  const folder = await temporaryFolder(context);
  const { metainfo, torrent } = await makeTorrent(folder, 'content', { '': patternBytes(90_000, 1) }, 'v2');
  const file = join(folder, 'of-nobody.torrent');
  await writeFile(file, torrent);
  const silent = await startScripted(context, '127.0.71.1', metainfo, () => new Uint8Array(0), {
    block: () => undefined,
  });
  const out = join(folder, 'out');
  const nobody = '127.0.71.2:9';
  const alone = start(context, 'download', file, '--out', out, '--peer', nobody, '--timeout', '7s');
  const place = `${silent.host}:${silent.port}`;
  const ignored = start(context, 'download', file, '--out', `${out}2`, '--peer', place, '--timeout', '7s');
  const { code, stderr } = await alone.end;
  assert.equal(code, 1);
  assert.match(stderr, /given up: nothing has come for 7 s/);
  const words = alone.lines.filter(isEvent('waiting')).map(({ message }) => message as string);
  assert.match(words[0] ?? '', /^peer 127\.0\.71\.2:9: refused the connection: nobody listens there/);
  assert.match(words[1] ?? '', /^no peer for \d s; tried 127\.0\.71\.2:9 \(refused.*name a seeder by --peer/);
  assert.equal(words.length, 2, 'once each');
  const unreachable = alone.lines.find((line) => line.event === 'peer' && line['change'] === 'unreachable');
  assert.deepEqual([unreachable?.['peer'], unreachable?.['code']], [nobody, 'cannot-connect']);
  assert.equal((await ignored.end).code, 1);
  const waiting = ignored.lines.find(isEvent('waiting'));
  assert.match(waiting?.['message'] as string, /^1 peer, and nothing has come for \d s: 1 does not answer$/);
});

test('--limit-up and --limit-down hold, --seed goes on until Ctrl-C', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent } = await makeTorrent(folder, 'content', { '': patternBytes(1_000_000, 1) }, 'v2');
  const file = join(folder, 'other.torrent');
  await writeFile(file, torrent);
  const seed = start(context, 'seed', path, '--torrent', file, '--limit-up', '500k');
  const { port } = await seed.when(isEvent('listening'));
  await seed.when(isEvent('seeding'));
  const first = join(folder, 'first');
  const listen = ['--listen', '127.0.0.1:0'];
  const download = start(
    context,
    'download',
    file,
    '--peer',
    `127.0.0.1:${String(port)}`,
    '--out',
    first,
    '--seed',
    ...listen,
  );
  const done = await download.when(isEvent('done'));
  assert.ok((done['seconds'] as number) > 1.4, `took ${String(done['seconds'])} s`);
  await download.when(isEvent('status'));
  seed.child.kill('SIGINT');
  assert.equal((await seed.end).code, 0);
  const { port: other } = await download.when(isEvent('listening'));
  const second = join(folder, 'second');
  const limited = start(
    context,
    'download',
    file,
    '--peer',
    `127.0.0.1:${String(other)}`,
    '--out',
    second,
    '--limit-down',
    '400kB/s',
  );
  assert.equal((await limited.end).code, 0);
  const seconds = limited.lines.find(isEvent('done'))?.['seconds'] as number;
  assert.ok(seconds > 1.8, `took ${seconds} s`);
  assert.deepEqual(await fingerprint(join(second, 'content')), await fingerprint(path));
  download.child.kill('SIGINT');
  assert.equal((await download.end).code, 0, 'it was done, and only seeded');
});

test('seed takes the torrent beside a path, and a .torrent file for the content beside it', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent, metainfo } = await makeTorrent(
    folder,
    'content',
    { '': patternBytes(90_000, 1) },
    'v2',
  );
  await writeFile(`${path}.torrent`, torrent);
  const magnets: unknown[] = [];
  for (const given of [path, `${path}.torrent`]) {
    const seed = start(context, 'seed', given);
    const seeding = await seed.when(isEvent('seeding'));
    assert.equal(seeding['path'], path);
    magnets.push((seeding['magnet'] as string).split('&').filter((part) => part.includes('btih')).length);
    seed.child.kill('SIGINT');
    await seed.end;
  }
  assert.deepEqual(magnets, [0, 0], 'of the v2 torrent, not of a hybrid that would have been made');
  await writeFile(path, patternBytes(90_000, 2));
  const wrong = await start(context, 'seed', path).end;
  assert.equal(wrong.code, 4);
  assert.match(
    wrong.stderr,
    /content is not the content of the torrent .*content\.torrent: .*Move that file away/,
  );
  await writeFile(`${path}.torrent`, 'no torrent');
  const made = start(context, 'seed', path);
  assert.notEqual(
    (await made.when(isEvent('seeding')))['infoHashV2'],
    Buffer.from(metainfo.infoHashV2).toString('hex'),
  );
});

test('what others make up for is a JSON line of its kind', async (context) => {
  const folder = await temporaryFolder(context);
  const { path, torrent } = await makeTorrent(folder, 'content', { '': patternBytes(90_000, 4) }, 'v2');
  const file = join(folder, 'content.torrent');
  await writeFile(file, torrent);
  const seeder = new Engine();
  context.after(() => seeder.close());
  const { host, port } = await seeder.listen();
  const dead = ['--tracker', 'http://127.0.0.1:1/announce/secret', '--peer', `${host}:${port}`];
  const download = start(context, 'download', file, '--out', join(folder, 'out'), ...dead);
  const trouble = await download.when(isEvent('trouble'));
  assert.deepEqual(Object.keys(trouble), ['event', 'code', 'message']);
  assert.equal(trouble['code'], 'tracker');
  assert.match(String(trouble['message']), /^tracker 127\.0\.0\.1:1: .*ECONNREFUSED/);
  assert.ok(!JSON.stringify(download.lines).includes('secret'));
  await seeder.seed(torrent, path); // refused until now, it is dialled again
  assert.equal((await download.end).code, 0);
});

test('without a terminal a download prints few words, and on standard output the path alone', async (context) => {
  const folder = await temporaryFolder(context);
  const { path } = await makeTorrent(folder, 'content', { '': patternBytes(300_000, 1) }, 'v2');
  const seed = start(context, 'seed', path);
  const { port } = await seed.when(isEvent('listening'));
  const { magnet } = await seed.when(isEvent('seeding'));
  const out = join(folder, 'out');
  const args = ['download', magnet as string, '--peer', `127.0.0.1:${String(port)}`, '--out', out];
  const { stdout, stderr } = await run(process.execPath, [program, ...args]);
  assert.equal(stdout, `${join(out, 'content')}\n`);
  assert.doesNotMatch(stderr, /[\r█]/);
  assert.match(stderr, /293 KiB verified in \d+\.\d s, .*\/s\n$/);
  assert.ok(stderr.split('\n').length <= 3, stderr);
  const quiet = await run(process.execPath, [program, ...args, '--quiet']);
  assert.equal(quiet.stderr, '');
});

test('files of another kind are told as such, by name', async (context) => {
  const folder = await temporaryFolder(context);
  const file = join(folder, 'README.md');
  await writeFile(file, '# Hello\n');
  for (const args of [
    ['torrent', 'show', file],
    ['torrent', 'verify', file, folder],
    ['download', file, '--peer', '127.0.0.1:9'],
  ]) {
    const { code, stderr } = await start(context, ...args).end;
    assert.equal(code, 1);
    assert.match(stderr, /README\.md is not a \.torrent file: /);
  }
  const { stderr } = await start(context, 'key', 'show', file).end;
  assert.match(stderr, /README\.md is not a private key file: it does not begin with PRIVATE\+KEY\+/);
  assert.doesNotMatch(stderr, /chmod/);
  assert.deepEqual(await readdir(folder), ['README.md']);
});

const PROGRESS: SwarmProgress = {
  phase: 'downloading',
  haveBytes: 3_000_000,
  totalBytes: 9_000_000,
  piecesHave: 3,
  piecesTotal: 9,
  peers: 12,
  webSeeds: 0,
  downloadedBytes: 3_000_000,
  uploadedBytes: 0,
  wastedBytes: 0,
  downloadBytesPerSecond: 1_048_576,
  uploadBytesPerSecond: 0,
  bannedPeers: 0,
};

test('the line has a bar where there is room, and says what goes on', () => {
  const words = '2.9 MiB of 8.6 MiB  ↓ 1 MiB/s  12 peers  6 s left';
  assert.equal(wordsOf(PROGRESS, 0), `33.3 %  ${words}`);
  assert.equal(wordsOf(PROGRESS, 78), `${'█'.repeat(4)}${'░'.repeat(8)}   33.3 %  ${words}`);
  assert.equal(wordsOf(PROGRESS, 200), `${'█'.repeat(9)}${'░'.repeat(19)}   33.3 %  ${words}`);
  assert.ok(wordsOf(PROGRESS, 78).length <= 78);
  assert.match(
    wordsOf({ ...PROGRESS, webSeeds: 1, uploadBytesPerSecond: 2048 }, 0),
    /↑ 2 KiB\/s  12 peers, 1 web seed/,
  );
  assert.match(wordsOf({ ...PROGRESS, phase: 'checking' }, 0), /8\.6 MiB  checking what is here$/);
  assert.equal(wordsOf({ ...PROGRESS, phase: 'metadata', peers: 0 }, 80), 'looking for peers');
  assert.equal(wordsOf({ ...PROGRESS, phase: 'metadata', peers: 1 }, 80), 'asking for the metadata  1 peer');
  assert.doesNotMatch(wordsOf({ ...PROGRESS, downloadBytesPerSecond: 0 }, 0), /left|NaN|Infinity/);
  assert.match(wordsOf({ ...PROGRESS, haveBytes: 8_999_999 }, 0), /^99\.9 %/, 'not 100 before it is');
  assert.equal(
    seedingWords({ ...PROGRESS, uploadedBytes: 1024 }),
    'seeding  12 peers  ↑ 0 bytes/s  1 KiB sent',
  );
});
