import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encode } from '../../src/bencode/index.ts';
import { toHex } from '../../src/bytes/index.ts';
import { parseMagnet, parseTorrent } from '../../src/torrent/index.ts';
import { hybridDraft, torrentOf } from './samples.ts';

const program = fileURLToPath(new URL('../../src/cli/bitquorum.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bitquorum-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(join(folder, 'tool-1.0'));
writeFileSync(join(folder, 'tool-1.0/run'), 'x'.repeat(50_000), { mode: 0o755 });
writeFileSync(join(folder, 'tool-1.0/read\u00ADme'), 'hello');

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, 'torrent', ...args], { cwd: folder, encoding: 'utf8' });
}

test('create writes a torrent and prints one JSON document with these keys', () => {
  const { status, stdout } = run('create', 'tool-1.0', '--tracker', 'http://127.0.0.1:1/a', '--json');
  assert.equal(status, 0);
  const result = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(Object.keys(result), [
    'infoHashV2',
    'infoHashV1',
    'pieceLength',
    'sizeBytes',
    'files',
    'magnet',
  ]);
  const metainfo = parseTorrent(readFileSync(join(folder, 'tool-1.0.torrent')));
  assert.equal(result['infoHashV2'], toHex(metainfo.infoHashV2));
  assert.equal(result['infoHashV1'], toHex(metainfo.infoHashV1 ?? new Uint8Array()));
  assert.equal(result['sizeBytes'], 50_005);
  assert.deepEqual(result['files'], [
    { path: 'read\u00ADme', sizeBytes: 5 },
    { path: 'run', sizeBytes: 50_000 },
  ]);
  const magnet = parseMagnet(String(result['magnet']));
  assert.deepEqual(magnet.infoHashV2, metainfo.infoHashV2);
  assert.deepEqual(magnet.trackers, ['http://127.0.0.1:1/a']);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
    'no temporary file is left',
  );
});

test('create takes the v2 profile, a name and a place', () => {
  const { status, stdout } = run(
    'create',
    'tool-1.0',
    '--profile',
    'v2',
    '--name',
    'other',
    '--out',
    'o.t',
    '--json',
  );
  assert.equal(status, 0);
  assert.equal((JSON.parse(stdout) as { infoHashV1: unknown }).infoHashV1, null);
  const metainfo = parseTorrent(readFileSync(join(folder, 'o.t')));
  assert.deepEqual([metainfo.name, metainfo.profile], ['other', 'v2']);
});

test('without a terminal there is one line of words, and none when quiet', () => {
  const { stdout, stderr } = run('create', 'tool-1.0', '--out', 'words.torrent');
  assert.match(stderr, /^49 KiB hashed in [0-9.]+ s, written to words\.torrent\n$/);
  assert.match(stdout, /^name +tool-1\.0\n/);
  assert.equal(run('create', 'tool-1.0', '--out', 'words.torrent', '--quiet').stderr, '');
});

test('an interrupt ends it with 130 and leaves nothing behind', { timeout: 60_000 }, async () => {
  const large = join(folder, 'large');
  writeFileSync(large, '');
  truncateSync(large, 2 ** 40); // takes no space, and minutes to hash
  const child = spawn(process.execPath, [program, 'torrent', 'create', 'large'], { cwd: folder });
  const ended = once(child, 'exit');
  while (bytesReadBy(child.pid) < 100_000_000) await sleep(50);
  child.kill('SIGINT');
  assert.deepEqual(await ended, [130, null]);
  rmSync(large);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name === 'large.torrent' || name.startsWith('.')),
    [],
  );
});

/** Bytes that a process has read so far (Linux): whether it is hashing yet. */
function bytesReadBy(pid: number | undefined): number {
  return Number(/^rchar: ([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

test('wrong use ends with 2, what cannot be done with 1', () => {
  for (const args of [
    ['create'],
    ['create', 'tool-1.0', '--profile', 'v3'],
    ['create', 'tool-1.0', '--threads', '0'],
    ['verify', 'x.torrent'],
    ['nonsense'],
  ]) {
    assert.equal(run(...args).status, 2, args.join(' '));
  }
  const absent = run('create', 'absent', '--out', 'absent.torrent');
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /absent/);
  assert.ok(!readdirSync(folder).includes('absent.torrent'));
  const unwritable = run('create', 'tool-1.0', '--out', 'no/such/folder.torrent');
  assert.equal(unwritable.status, 1);
  assert.match(unwritable.stderr, /folder\.torrent cannot be written: ENOENT: no such file or directory$/m);
});

test('show tells about torrents, magnet links and, as no vote, v1 torrents', () => {
  run('create', 'tool-1.0', '--out', 'show.torrent');
  const shown = JSON.parse(run('show', 'show.torrent', '--json').stdout) as Record<string, unknown>;
  assert.equal(shown['canonical'], true);
  assert.equal(shown['kind'], 'hybrid');
  const magnet = JSON.parse(run('show', String(shown['magnet']), '--json').stdout) as Record<string, unknown>;
  assert.equal(magnet['infoHashV2'], shown['infoHashV2']);
  assert.equal(magnet['kind'], 'magnet');

  writeFileSync(join(folder, 'odd.torrent'), torrentOf(hybridDraft()));
  assert.match(run('show', 'odd.torrent').stdout, /vote +no: .*pieces of 65536 bytes/);

  const info = { length: 3, name: 'old\u001b[31m', 'piece length': 16_384, pieces: new Uint8Array(20) };
  writeFileSync(join(folder, 'v1.torrent'), encode({ info }));
  const v1 = run('show', 'v1.torrent');
  assert.equal(v1.status, 0);
  assert.match(v1.stdout, /vote +no: a v1 torrent/);
  assert.ok(!v1.stdout.includes('\u001b'), 'no escape sequence reaches the terminal');

  for (const [name, bytes, reason] of [
    ['bad.torrent', 'nonsense', /bencode/],
    ['large.torrent', 'x'.repeat(10_000_001), /at most/],
  ] as const) {
    writeFileSync(join(folder, name), bytes);
    const bad = run('show', name);
    assert.equal(bad.status, 1);
    assert.match(bad.stderr, reason);
  }
});

test('what is no file is not read without end', () => {
  assert.match(run('show', '/dev/zero').stderr, /no regular file/);
  assert.match(run('show', 'tool-1.0').stderr, /no regular file/);
  assert.match(run('show', 'absent.torrent').stderr, /does not exist/);
});

test('verify ends with 0 or, naming files and pieces, with 4', () => {
  run('create', 'tool-1.0', '--out', 'verify.torrent');
  const good = run('verify', 'verify.torrent', 'tool-1.0', '--json');
  assert.equal(good.status, 0);
  assert.equal((JSON.parse(good.stdout) as { matches: boolean }).matches, true);
  writeFileSync(join(folder, 'tool-1.0/run'), `${'x'.repeat(40_000)}${'y'.repeat(10_000)}`);
  const bad = run('verify', 'verify.torrent', 'tool-1.0');
  assert.equal(bad.status, 4);
  assert.match(bad.stdout, /run has other content \(pieces 2, 3\)/);
  assert.match(bad.stderr, /does not match/);
  const json = JSON.parse(run('verify', 'verify.torrent', 'tool-1.0', '--json').stdout) as {
    problems: unknown;
  };
  assert.deepEqual(json.problems, [{ path: 'run', problem: 'wrong-content', pieces: [2, 3] }]);
});
