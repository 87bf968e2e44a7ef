import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { generateKey, writeKeyFile } from '../../src/statement/index.ts';
import { MAIN, runCommand } from './run-command.ts';

const NOWHERE = 'http://127.0.0.1:9';

let base: string;
let folder: string;
let latin: string;
let key: string;
let logKey: string;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'bitquorum-bad-input-'));
  folder = join(base, 'folder');
  latin = join(base, 'latin.toml');
  key = join(base, 'key');
  await mkdir(folder);
  await writeFile(latin, Buffer.from('name = "Köln"', 'latin1'));
  const signer = generateKey('log.test/1');
  logKey = signer.vkey;
  await writeKeyFile(key, signer);
});
after(() => rm(base, { recursive: true, force: true }));

/** Runs commands two at a time and hands each what it came to. */
async function each(
  commands: readonly (readonly string[])[],
  check: (args: readonly string[], ended: Awaited<ReturnType<typeof runCommand>>) => void,
): Promise<void> {
  const waiting = commands.values();
  const lane = async (): Promise<void> => {
    for (const args of waiting) check(args, await runCommand(...args));
  };
  await Promise.all([lane(), lane()]);
}

test('a folder in place of a file is named', async () => {
  const tally = ['--tally', NOWHERE, '--log-key', logKey];
  await each(
    [
      ['policy', 'check', folder],
      ['statement', 'show', folder],
      ['rebuild', folder],
      ['release', 'publish', folder, '--key', key, ...tally],
      ['tally', 'init', '--data', join(base, 'new'), '--policy', folder, '--founder-key', key],
      ['tally', 'restore', base, '--data', join(base, 'new'), '--last-head', folder],
      ['monitor', ...tally, '--witness-policy', folder],
      ['witness', 'run', '--data', join(base, 'new'), '--key', key, '--logs', folder],
    ],
    (args, { code, stderr }) => {
      assert.equal(code, 1, args.join(' '));
      assert.equal(stderr, `error: ${folder}: this is a folder; name a file\n`, args.join(' '));
    },
  );
});

test('a file without end is read no further than a good one could be', {
  skip: !existsSync('/dev/zero'),
}, async () => {
  const tally = ['--tally', NOWHERE, '--log-key', logKey];
  await each(
    [
      ['policy', 'check', '/dev/zero'],
      ['release', 'publish', '/dev/zero', '--key', key, ...tally],
      ['get', 'pkg:npm/x@1', ...tally, '--witnesses', '/dev/zero'],
      ['tally', 'restore', base, '--data', join(base, 'new'), '--last-head', '/dev/zero'],
    ],
    (args, { code, stderr }) => {
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, /^error: \/dev\/zero has more than \d+ bytes: it is no [a-z ]+\n$/);
    },
  );
});

test('a named pipe that nobody writes is no key and no .torrent file, and nothing waits for it', {
  skip: process.platform === 'win32',
  timeout: 20_000,
}, async () => {
  const pipe = join(base, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  await each(
    [
      ['key', 'show', pipe],
      ['download', pipe, '--peer', '127.0.0.1:9'],
    ],
    (args, { code, stderr }) => {
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, /^error: .*pipe is (not a private key file: it is )?no regular file/);
    },
  );
  await rm(pipe);
});

test('a text that is no UTF-8 is refused, not repaired', async () => {
  const { code, stderr, stdout } = await runCommand('--json', 'policy', 'check', latin);
  assert.equal(code, 1);
  assert.equal(stderr, `error: ${latin} is no text in UTF-8, so it is no policy\n`);
  assert.equal((JSON.parse(stdout) as { good: boolean }).good, false);
});

test('an empty argument is wrong use: seed "$FILE" does not seed the folder where one stands', async () => {
  await each(
    [
      ['seed', ''],
      ['tally', 'init', '--data', '', '--policy', latin, '--founder-key', key],
      ['get', 'pkg:npm/x@1', '--out='],
    ],
    (args, { code, stderr }) => {
      assert.equal(code, 2, args.join(' '));
      assert.match(
        stderr,
        /^error: (what follows (seed|--data)|--out=) is empty: is a variable in it not set\?\n$/,
      );
    },
  );
});

test('what is no address of this machine, no tracker and no view is wrong use', async () => {
  const tally = ['--tally', NOWHERE, '--log-key', logKey];
  const magnet = `magnet:?xt=urn:btmh:1220${'ab'.repeat(32)}`;
  await each(
    [
      ['download', magnet, '--local-address', 'eth0'],
      ['probe', '127.0.0.1:9', magnet, '--local-address', 'eth0'],
      ['tally', 'run', '--data', join(base, 'new'), '--audit-address', 'eth0'],
      ['seed', key, '--tracker', 'tracker.example'],
      ['download', magnet, '--tracker', 'wss://tracker.example'],
      ['monitor', ...tally, '--view', 'mirror.example'],
    ],
    (args, { code, stderr }) => {
      const [option = '', value = ''] = args.slice(-2);
      assert.equal(code, 2, args.join(' '));
      assert.ok(stderr.startsWith(`error: option '${option} `), stderr);
      assert.ok(stderr.includes(`argument '${value}' is invalid. give an `), stderr);
    },
  );
});

test('an address that another machine has is wrong use, before anything is asked from there', async () => {
  const address = '203.0.113.9'; // for documentation (RFC 5737)
  const { code, stderr } = await runCommand('seed', latin, '--local-address', address);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: --local-address 203\.0\.113\.9: this machine does not have that address \(E\w+\)\n$/,
  );
});

test('one torrent by two paths is told with both', async () => {
  const { code, stderr } = await runCommand('seed', latin, `${base}/./latin.toml`);
  assert.equal(code, 2);
  assert.match(stderr, /latin\.toml is the same torrent as .*latin\.toml: name one of them\n$/);
});

test('output that cannot be written is told', { skip: !existsSync('/dev/full') }, async () => {
  const child = spawn('sh', ['-c', `"${process.execPath}" "${MAIN}" policy default > /dev/full`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 1);
  assert.equal(words, 'error: standard output: there is no space left on the disk\n');
});

test('nothing of all that left anything behind', async () => {
  assert.deepEqual((await readdir(base)).toSorted(), ['folder', 'key', 'latin.toml']);
});

test('a log key of a witness that is none is wrong use, and names the option', async () => {
  const data = join(base, 'witness');
  const ended = await runCommand('witness', 'run', '--data', data, '--key', key, '--log', 'none');
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /^error: --log: key "none…" is refused: /);
  assert.ok(!existsSync(data));
});
