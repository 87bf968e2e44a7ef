// Our log is read by golang.org/x/mod/sumdb (Debian's package), and its notes by us: two implementations that share nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toBase64 } from '../../src/bytes/index.ts';
import { noteVerifier, openNote, parseCheckpoint, signNote } from '../../src/note/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey, parsePrivateKey, verifyEd25519 } from '../../src/statement/index.ts';
import { builderEntry, makeCast, post, runTally } from '../service/tally-fixture.ts';
import { GOCODE, needs, programOf } from '../support/needs.ts';

const run = promisify(execFile);
const ENTRIES = 300;
const WAVE = 60;

suite('golang.org/x/mod/sumdb', { skip: needs('go') }, () => {
  let folder: string;
  let program: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bitquorum-go-'));
    program = join(folder, 'tlog');
    const source = fileURLToPath(new URL('go/tlog.go', import.meta.url));
    await run(programOf('go'), ['build', '-o', program, source], {
      env: { ...process.env, GO111MODULE: 'off', GOPATH: GOCODE, GOCACHE: join(folder, 'cache') },
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('verifies the checkpoint, tiles, entries and proofs of a running tally', async (t) => {
    const days = {
      entriesPerStanding: 1000,
      entriesPerKey: 1,
      entriesPerPrefix: 1000,
      newBuildersPerPrefix: 1000,
      entriesInAll: 1000,
    };
    const rates = { ...SERVICE_LIMITS.rates, entry: { burst: 1000, perSecond: 10 } };
    const tally = await runTally(t, makeCast(), { limits: { ...SERVICE_LIMITS, days, rates } });
    for (let at = 0; at < ENTRIES; at += WAVE) {
      const keys = Array.from({ length: WAVE }, (_, offset) => generateKey(`builder-${at + offset}`));
      const answers = await Promise.all(keys.map((key) => post(tally, builderEntry(key, tally.origin))));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    }
    const last = builderEntry(generateKey('last'), tally.origin);
    const { body } = await post(tally, last, '?wait=inclusion');
    assert.ok('checkpoint' in body, 'all of them are published');
    const { stdout } = await run(program, ['verify', tally.url, tally.logKey]);
    const [origin, size, proofs] = stdout.trim().split(' ');
    assert.equal(origin, tally.origin);
    assert.ok(Number(size) >= ENTRIES + 2, stdout);
    assert.ok(Number(proofs) > 60, stdout);
  });

  test('refuses a checkpoint under another key', async (t) => {
    const tally = await runTally(t, makeCast());
    const other = generateKey(tally.origin);
    await assert.rejects(
      run(program, ['verify', tally.url, other.vkey]),
      /no verifiable signatures|unverified/,
    );
  });

  test('signs checkpoints that we open and parse, and its keys sign for us what it signs itself', async () => {
    const root = toBase64(Buffer.alloc(32, 7));
    const { stdout } = await run(program, ['sign', 'go.example/log', '123456789012', root]);
    const [secret = '', vkey = '', ...rest] = stdout.split('\n');
    const note = Buffer.from(rest.join('\n'));
    const { text } = openNote(note, [noteVerifier(vkey, verifyEd25519)]);
    const { origin, size, root: read } = parseCheckpoint(text);
    assert.deepEqual([origin, size, toBase64(read)], ['go.example/log', 123456789012, root]);
    const key = parsePrivateKey(secret);
    assert.equal(key.vkey, vkey);
    assert.deepEqual(Buffer.from(signNote(text, [key])), note);
  });
});
