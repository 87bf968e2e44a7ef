import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { formatVkey, openCosignedCheckpoint, parseCosignerVkey } from '../../src/note/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { Cosigner } from '../../src/witness/cosigner.ts';
import { formatAddCheckpoint, generateCosigner, startWitness, VERIFY } from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ALog } from './a-log.ts';
import { ask, get, runWitness, send } from './scene.ts';

interface Vectors {
  readonly logKey: string;
  readonly witnessSeed: string;
  readonly witnessKey: string;
  readonly requests: readonly { readonly body: string; readonly status: number; readonly answer?: string }[];
}

const LITEWITNESS = JSON.parse(
  readFileSync(new URL('vectors/litewitness.json', import.meta.url), 'utf8'),
) as Vectors;

test("another witness's published requests get its answers", async (t) => {
  const origin = LITEWITNESS.requests[0]?.body.split('\n')[2] ?? '';
  const witness = await startWitness({
    dataFolder: temporaryFolder('witness'),
    cosigners: [new Cosigner('example.com/witness', 'ed25519', Buffer.from(LITEWITNESS.witnessSeed, 'hex'))],
    logs: [formatVkey(origin, Buffer.from(LITEWITNESS.logKey, 'hex'))],
  });
  t.after(() => witness.close());
  const vkey = parseCosignerVkey(witness.vkeys[0] ?? '');
  assert.equal(Buffer.from(vkey.publicKey).toString('hex'), LITEWITNESS.witnessKey);
  for (const { body, status, answer } of LITEWITNESS.requests) {
    // The one thing in which it is older than the specification: a log that is not known was 403.
    const isUnknown = !body.includes(`\n${origin}\n`);
    // Its wrong signature ends in base64 that is not canonical, which is no note at all here.
    if (body.endsWith('gx=\n')) assert.equal((await send(witness.url, body)).status, 400);
    const got = await send(witness.url, body.replace(/gx=\n$/, 'gw=\n'));
    assert.equal(got.status, isUnknown ? 404 : status, got.text);
    if (answer !== undefined) assert.equal(got.text, answer);
    if (status === 200) assert.match(got.text, /^— example\.com\/witness [A-Za-z0-9+/]{102}==\n$/);
  }
});

test('a log grows under one witness with two keys; what it shows carries all signatures', async (t) => {
  const log = new ALog();
  log.grow(300);
  const cosigners = [
    generateCosigner('w.example/ed', 'ed25519'),
    generateCosigner('w.example/ml', 'ml-dsa-44'),
  ];
  const witness = await runWitness(t, log, { cosigners, nowMs: () => 1_700_000_000_999 });
  const shownAt = `${witness.url}/${createHash('sha256').update(log.key.name).digest('hex')}/checkpoint`;
  assert.equal((await get(shownAt)).status, 404);
  let from = 0;
  for (const to of [0, 0, 1, 2, 2, 3, 255, 256, 257, 300]) {
    const { status, text } = await ask(witness.url, log, from, to);
    assert.equal(status, 200, text);
    const note = toUtf8(`${Buffer.from(log.head(to).note).toString()}${text}`);
    for (const each of [note, toUtf8((await get(shownAt)).text)]) {
      const opened = openCosignedCheckpoint(each, log.key.vkey, witness.vkeys, VERIFY);
      assert.equal(opened.checkpoint.size, to);
      assert.deepEqual(
        opened.cosigners.map(({ vkey, timestamp }) => [vkey, timestamp]),
        witness.vkeys.map((vkey) => [vkey, 1_700_000_000]),
      );
    }
    from = to;
  }
  assert.equal((await get(shownAt, 'HEAD')).status, 200);
});

test('a log that asks again for what was cosigned gets that cosignature again, and no other lot with it', async (t) => {
  const log = new ALog();
  log.grow(4);
  let nowMs = 1_700_000_000_000;
  const cosigners = [
    generateCosigner('w.example/ed', 'ed25519'),
    generateCosigner('w.example/two', 'ed25519'),
  ];
  const witness = await runWitness(t, log, { cosigners, nowMs: () => nowMs });
  const first = await ask(witness.url, log, 0, 3);
  assert.equal(first.status, 200);
  for (const hours of [1, 2, 3]) {
    nowMs += hours * 3_600_000;
    assert.deepEqual(await ask(witness.url, log, 3, 3), first);
  }
  const next = await ask(witness.url, log, 3, 4);
  assert.equal(next.status, 200);
  assert.notEqual(next.text, first.text);
});

test('rollback, replay, fork and wrong proofs are refused as the specification says', async (t) => {
  const log = new ALog();
  log.grow(20);
  const evil = new ALog(log.key);
  evil.grow(20, 'evil');
  const witness = await runWitness(t, log);
  const { url } = witness;
  assert.equal((await ask(url, log, 0, 10)).status, 200);

  const replay = await ask(url, log, 0, 5);
  assert.deepEqual([replay.status, replay.type, replay.text], [409, 'text/x.tlog.size', '10\n']);
  assert.equal((await ask(url, log, 5, 8)).status, 409, 'a rollback with a good proof');
  assert.equal((await ask(url, log, 10, 8)).status, 400, 'an old size beyond the checkpoint');
  assert.equal((await ask(url, evil, 10, 10)).status, 422, 'another tree of the same size');
  assert.equal((await ask(url, evil, 10, 20)).status, 422, 'a fork with the proof of its own past');
  const proof = await log.proof(10, 20);
  const request = { oldSize: 10, proof, note: log.head(20).note };
  const wrong = [
    { ...request, proof: [] },
    { ...request, proof: proof.slice(1) },
    { ...request, proof: [...proof, new Uint8Array(32)] },
    { ...request, proof: proof.map((hash, at) => (at === 0 ? new Uint8Array(32) : hash)) },
    { ...request, note: evil.head(20).note },
    { ...request, note: log.head(10).note, proof: [new Uint8Array(32)] },
  ];
  for (const each of wrong) assert.equal((await send(url, formatAddCheckpoint(each))).status, 422);
  assert.equal((await send(url, formatAddCheckpoint(request))).status, 200);
  assert.equal((await send(url, formatAddCheckpoint(request))).status, 409, 'the same once more');
  const again = formatAddCheckpoint({ ...request, oldSize: 20, proof: [] });
  assert.equal((await send(url, again)).status, 200, 'the newest may be cosigned anew');
  const metrics = await get(`${url}/metrics`);
  assert.match(metrics.text, /bitquorum_witness_cosigned_entries\{origin="example.com\/log"\} 20\n/);
  assert.match(metrics.text, /bitquorum_witness_forks_total\{origin="example.com\/log"\} 1\n/);
  assert.match(metrics.text, /# EOF\n$/);
});

test('an empty tree has one root, and nothing is to be proved from it', async (t) => {
  const log = new ALog();
  log.grow(4);
  const { url } = await runWitness(t, log);
  const empty = log.lie(0, new Uint8Array(32));
  assert.equal(
    (await send(url, formatAddCheckpoint({ oldSize: 0, proof: [], note: empty.note }))).status,
    422,
  );
  const proof = [new Uint8Array(32)];
  assert.equal(
    (await send(url, formatAddCheckpoint({ oldSize: 0, proof, note: log.head(4).note }))).status,
    422,
  );
  assert.equal((await ask(url, log, 0, 0)).status, 200);
  assert.equal((await ask(url, log, 0, 4)).status, 200);
});

test('unknown logs, wrong signatures and bodies of another form', async (t) => {
  const log = new ALog();
  log.grow(4);
  const { url } = await runWitness(t, log);
  const stranger = new ALog(generateKey('example.com/other'));
  stranger.grow(4);
  assert.equal((await ask(url, stranger, 0, 4)).status, 404);
  const impostor = new ALog(generateKey('example.com/log'));
  impostor.grow(4);
  assert.equal((await ask(url, impostor, 0, 4)).status, 403, 'the name of the log, another key');
  const good = Buffer.from(formatAddCheckpoint({ oldSize: 0, proof: [], note: log.head(4).note })).toString();
  assert.equal(
    (
      await send(
        url,
        good.replace(
          /(.{20})(.)(.*=\n)$/,
          (_, a: string, b: string, c: string) => a + (b === 'A' ? 'B' : 'A') + c,
        ),
      )
    ).status,
    403,
  );
  const hash = `${Buffer.alloc(32).toString('base64')}\n`;
  const malformed = [
    '',
    '\n\n',
    good.replace('old 0', 'old 00'),
    good.replace('old 0', 'old  0'),
    good.replace('old 0', 'old -1'),
    good.replace('old 0', 'Old 0'),
    good.replace('old 0', 'old 9007199254740992'),
    good.replace('old 0', 'old 5'),
    good.replace('old 0\n', ''),
    good.replace('\n\n', `\nnot base64\n\n`),
    good.replace('\n\n', `\n${Buffer.alloc(31).toString('base64')}\n\n`),
    good.replace('\n\n', `\n${hash.repeat(64)}\n`),
    good.replaceAll('\n', '\r\n'),
    good.slice(0, -1),
    good.replace(/\n\n— .*$/s, '\n'),
    good.replace('\n4\n', '\n04\n'),
  ];
  for (const body of malformed)
    assert.equal((await send(url, body)).status, 400, JSON.stringify(body.slice(0, 60)));
  assert.equal((await send(url, Buffer.from([0x6f, 0xff, 0x0a, 0x0a]))).status, 400);
  assert.equal((await send(url, good)).status, 200, 'after all that the log is cosigned');
});

test('one of a hundred requests at once wins each step, and the head never goes back', async (t) => {
  const log = new ALog();
  log.grow(64);
  const { url, vkeys } = await runWitness(t, log, {
    limits: { burst: 10_000, connectionsPerAddress: 500, connections: 500 },
  });
  const cosigned: number[] = [];
  let from = 0;
  for (let round = 0; round < 8; round += 1) {
    const wanted = Array.from({ length: 100 }, (_, at) => Math.min(64, from + 1 + (at % 8)));
    const answers = await Promise.all(
      wanted.map(async (to) => {
        const { status, text } = await ask(url, log, from, to);
        return { to, status, text };
      }),
    );
    const won = answers.filter(({ status }) => status === 200);
    const sizes = new Set(won.map(({ to }) => to));
    assert.equal(won.length, 1, `${[...sizes].join()} were all cosigned from ${from}`);
    const [{ to, text }] = won as [(typeof won)[0]];
    for (const { status, text: told } of answers) {
      if (status !== 200) assert.deepEqual([status, told], [409, `${to}\n`]);
    }
    const note = toUtf8(Buffer.from(log.head(to).note).toString() + text);
    openCosignedCheckpoint(note, log.key.vkey, vkeys, VERIFY);
    cosigned.push(to);
    from = to;
  }
  assert.deepEqual(
    cosigned,
    cosigned.toSorted((left, right) => left - right),
  );
});

test('what was cosigned is known after a restart; two processes cannot share it', async (t) => {
  const log = new ALog();
  log.grow(9);
  const dataFolder = temporaryFolder('witness');
  const options = { dataFolder, cosigners: [generateCosigner('w', 'ed25519')], logs: [log.key.vkey] };
  const first = await startWitness(options);
  assert.equal((await ask(first.url, log, 0, 7)).status, 200);
  await assert.rejects(startWitness(options), { code: 'in-use' });
  const killed = `${dataFolder}/killed`;
  await mkdir(killed);
  for (const name of ['witness.sqlite', 'witness.sqlite-wal'])
    await cp(join(dataFolder, name), join(killed, name));
  await first.close();
  const after = await runWitness(t, log, { ...options, dataFolder: killed });
  const left = await stat(join(killed, 'witness.sqlite-wal'));
  assert.equal(left.size, 0, 'what a kill left is on the disk before it is believed');
  assert.equal((await ask(after.url, log, 0, 5)).text, '7\n');
  const second = await startWitness(options);
  t.after(() => second.close());
  assert.equal((await ask(second.url, log, 0, 5)).text, '7\n');
  assert.equal((await ask(second.url, log, 7, 9)).status, 200);
});

test('a log with two keys is one log', async (t) => {
  const log = new ALog();
  log.grow(6);
  const successor = new ALog(generateKey('example.com/log'));
  successor.grow(6);
  const { url } = await runWitness(t, log, { logs: [log.key.vkey, successor.key.vkey] });
  assert.equal((await ask(url, log, 0, 3)).status, 200);
  assert.equal((await ask(url, successor, 0, 6)).text, '3\n');
  assert.equal((await ask(url, successor, 3, 6)).status, 200);
});
