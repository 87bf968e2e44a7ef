import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromUtf8, toUtf8 } from '../../src/bytes/index.ts';
import { statementText } from '../../src/cli/statement-text.ts';
import { generateKey, KINDS, openEnvelope, signStatement } from '../../src/statement/index.ts';
import { GOOD, made } from '../statement/samples.ts';

const MAIN = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), 'bitquorum-statement-'));
after(() => rm(folder, { recursive: true }));

const ada = generateKey('ada.example/builder');
const eve = generateKey('eve.example/builder');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'statement', ...args], { stdio: 'pipe' });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  }
  child.stdin.on('error', () => undefined); // it may end before it has read all of what is too much
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** The envelope with another signature byte. */
function spoilt(envelope: Uint8Array): Uint8Array {
  const json = JSON.parse(fromUtf8(envelope));
  const bytes = Buffer.from(json.signatures[0].sig, 'base64');
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  json.signatures[0].sig = bytes.toString('base64');
  return toUtf8(JSON.stringify(json));
}

test('every kind of statement is printed, each field of its predicate on a line of its own', () => {
  for (const kind of KINDS) {
    const lines = statementText(made(kind), 'ab'.repeat(32)).split('\n');
    const labels = lines.map((line) => line.slice(0, 18).trimEnd());
    const expected = [
      'kind',
      'subject',
      'subject SHA-256',
      ...Object.keys(made(kind).predicate),
      'payload SHA-256',
    ];
    assert.deepEqual(labels, expected);
    assert.ok(lines.every((line) => line.length > 19));
  }
});

test('show --json prints one document', async () => {
  const envelope = signStatement(made('policy'), [ada, eve]);
  const { code, stdout, stderr } = await run(['show', '-', '--json'], envelope);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(JSON.parse(stdout), {
    kind: 'policy',
    predicateType: 'bitquorum:policy/v1',
    ...GOOD.policy,
    payloadDigest: openEnvelope(envelope).payloadDigest,
    signatures: [{ key: ada.key }, { key: eve.key }],
  });
});

test('show says each field on a line, and that nothing was verified', async () => {
  const { code, stdout } = await run(['show', await file('vote.json', signStatement(made('vote'), [ada]))]);
  assert.equal(code, 0);
  assert.match(stdout, /^kind +vote \(bitquorum:vote\/v1\)\nsubject +pkg:npm\/%40noble\/hashes@2\.0\.1$/m);
  assert.match(stdout, /^timeMs +1790000000000 \(2026-09-21T14:13:20\.000Z\)$/m);
  assert.match(
    stdout,
    /^output +\{"name":"noble-hashes-2\.0\.1\.tgz","sizeBytes":1000,"sha256":"(?:08)+"\}$/m,
  );
  assert.match(stdout, new RegExp(`^signature by +${ada.key}, not verified$`, 'm'));
});

test('verify takes good signatures, from a file or standard input, white space around them or not', async () => {
  const envelope = signStatement(made('takedown'), [ada, eve]);
  const path = await file('takedown.json', toUtf8(`\n${fromUtf8(envelope)}\r\n`));
  const { code, stdout } = await run(['verify', path, '--vkey', ada.vkey, '--vkey', eve.vkey, '--json']);
  assert.equal(code, 0);
  const { verified, signatures, missing } = JSON.parse(stdout);
  assert.deepEqual(
    { verified, signatures, missing },
    {
      verified: true,
      signatures: [
        { key: ada.key, good: true },
        { key: eve.key, good: true },
      ],
      missing: [],
    },
  );
  assert.equal((await run(['verify', '-'], envelope)).code, 0);
});

test('verify ends with 4 when a signature is wrong, and when a wanted key did not sign', async () => {
  const envelope = signStatement(made('commit'), [ada]);
  const wrong = await run(['verify', '-', '--json'], spoilt(envelope));
  assert.equal(wrong.code, 4);
  assert.match(wrong.stderr, /1 of 1 signatures are wrong/);
  assert.deepEqual(JSON.parse(wrong.stdout).signatures, [{ key: ada.key, good: false }]);

  const missing = await run(['verify', '-', '--vkey', ada.vkey, '--vkey', eve.vkey], envelope);
  assert.equal(missing.code, 4);
  assert.match(missing.stderr, /1 of 2 wanted keys did not sign/);
  assert.match(
    missing.stdout,
    new RegExp(`^signature by +${ada.key}: good\nsignature by +${eve.key}: MISSING$`, 'm'),
  );
});

test('what is no envelope, no statement, too large or not there is said so', async () => {
  const envelope = fromUtf8(signStatement(made('heartbeat'), [ada]));
  for (const [words, code, args, input] of [
    [/the envelope is refused: it is not JSON/, 1, ['show', '-'], 'hello'],
    [/the envelope is refused: it is not JSON/, 1, ['verify', '-'], ''],
    [
      /the envelope is refused: signatures/,
      1,
      ['show', '-'],
      envelope.replace(/"signatures":.*/, '"signatures":[]}'),
    ],
    [
      /an envelope of \d+ bytes exceeds 4096/,
      1,
      ['verify', '-'],
      envelope.replace('{', `{${' '.repeat(4096)}`),
    ],
    [/standard input has more than 5120 bytes/, 1, ['verify', '-'], ' '.repeat(1 << 20)],
    [/there is no such file or folder/, 1, ['show', join(folder, 'missing')], ''],
    [/--vkey "ada": give an Ed25519 key/, 2, ['verify', '-', '--vkey', 'ada'], envelope],
    [/missing required argument 'file'/, 2, ['show'], ''],
  ] as const) {
    const ended = await run(args, toUtf8(input));
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, words);
    assert.equal(ended.stdout, '');
  }
});
