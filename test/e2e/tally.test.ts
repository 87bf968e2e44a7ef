import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { LogReplay, nodeHasher, parseEntryBundle } from '../../src/log/index.ts';
import { tileWidthAt } from '../../src/merkle/index.ts';
import { type Checkpoint, noteVerifier, openNote, parseCheckpoint } from '../../src/note/index.ts';
import { seededRandom } from '../../src/service/random.ts';
import { openEnvelope, type PrivateKey, verifyEd25519, writeKeyFile } from '../../src/statement/index.ts';
import {
  ask,
  builderEntry,
  type Cast,
  digestOf,
  makeCast,
  makeData,
  policyToml,
  post,
  releaseEntry,
  until,
} from '../service/tally-fixture.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runCommand, startTallyProcess, type TallyPlace, type TallyProcess } from './tally-process.ts';

const ROUNDS = Number(process.env['BITQUORUM_KILL_ROUNDS'] ?? 50);

test('tally init and tally run make a tally that serves until it is told to end', async () => {
  const folder = temporaryFolder('tally');
  const cast = makeCast();
  const policy = path.join(folder, 'policy.toml');
  await writeFile(policy, policyToml(cast));
  const keys = await Promise.all(
    cast.founders.map(async (founder, at) => {
      const file = path.join(folder, `founder-${at}.key`);
      await writeKeyFile(file, founder);
      return file;
    }),
  );
  const data = path.join(folder, 'data');
  const init = ['--json', 'tally', 'init', '--data', data, '--policy', policy, '--founder-key', ...keys];
  const made = await runCommand([...init, '--origin', 'tally.invalid/e2e']);
  assert.equal(made.code, 0, made.stderr);
  const { origin, vkey } = JSON.parse(made.stdout) as { origin: string; vkey: string };
  assert.equal(origin, 'tally.invalid/e2e');
  const secret = await readFile(path.join(data, 'log.key'), 'utf8');
  assert.ok(!made.stdout.includes(secret.trim()) && !made.stderr.includes(secret.trim()));
  const again = await runCommand(init);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /not empty/);

  const tally = startTallyProcess(data, '--log-level', 'debug');
  const { url, logKey } = await tally.ready;
  assert.equal(logKey, vkey);
  const { body } = await ask(`${url}/api/v1/status`);
  assert.deepEqual([body['origin'], body['size'], body['announceUrl']], [origin, 1, `${url}/announce`]);
  const other = await runCommand(['tally', 'run', '--data', data, '--listen', '127.0.0.1:0']);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /in use|another process/);
  // Whoever waits for events does not keep it from ending.
  await fetch(`${url}/api/v1/events`);
  const started = performance.now();
  assert.equal(await tally.end('SIGTERM'), 0);
  assert.ok(performance.now() - started < 4000);
  assert.doesNotMatch(tally.words(), /PRIVATE\+KEY/);
});

test('a tally that cannot write the first of its backups does not go on without them', {
  timeout: 20_000,
}, async () => {
  const data = await makeData(makeCast());
  const aFile = path.join(data, 'log.key');
  const place = ['--listen', '127.0.0.1:0', '--backup', aFile];
  const { code, stderr } = await runCommand(['tally', 'run', '--data', data, ...place]);
  assert.equal(code, 1);
  assert.match(stderr, /log\.key/);
});

test('a tally killed at random moments loses no acknowledged entry, forks nothing and writes nothing twice', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(cast);
  const random = seededRandom(Uint32Array.of(2026, 11, 22, 2));
  const acknowledged = new Map<string, number>();
  const checkpoints: Checkpoint[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const tally = startTallyProcess(dataFolder);
    // Some die while they read their log at the start, the others while entries come in.
    if (round % 3 !== 2) await tally.ready;
    const killer = setTimeout(
      () => void tally.end('SIGKILL'),
      30 + random() * (round % 3 === 2 ? 1000 : 500),
    );
    await submitUntilItEnds(tally, cast, round, acknowledged, checkpoints);
    clearTimeout(killer);
    await tally.end('SIGKILL');
  }
  const process = startTallyProcess(dataFolder);
  t.after(() => process.end('SIGKILL').then(() => undefined));
  const last = await process.ready;
  await until(
    async () => (await ask(`${last.url}/api/v1/releases`)).body['releases'] as { state: string }[],
    (releases) => releases.every(({ state }) => state === 'failed'),
  );
  const { size } = (await ask(`${last.url}/api/v1/status`)).body as { size: number };
  const newest = await until(
    () => checkpointOf(last),
    (checkpoint) => checkpoint.size >= size,
  );
  const leaves = await readLog(last, newest);
  const replay = new LogReplay(nodeHasher);
  const heads = new Map(checkpoints.map((checkpoint) => [checkpoint.size, checkpoint]));
  const digests = new Map<string, number>();
  const owed = new Map<string, number>();
  for (const leaf of leaves) {
    const entry = replay.add(leaf);
    const head = heads.get(replay.size);
    if (head !== undefined) replay.check(head);
    const { statement, payloadDigest } = openEnvelope(entry.envelope);
    digests.set(payloadDigest, entry.index);
    if (statement.kind === 'open' || statement.kind === 'close' || statement.kind === 'verdict') {
      const name = `${statement.kind} ${statement.predicate.release}`;
      owed.set(name, (owed.get(name) ?? 0) + 1);
    }
  }
  replay.check(newest);
  assert.ok(acknowledged.size > ROUNDS, `${acknowledged.size} entries were acknowledged`);
  for (const [digest, index] of acknowledged) assert.equal(digests.get(digest), index);
  for (const [name, count] of owed) assert.equal(count, 1, name);
  const releases = [...owed.keys()].filter((name) => name.startsWith('open'));
  for (const name of releases) assert.ok(owed.has(name.replace('open', 'verdict')), name);
  assert.ok(releases.length > 0);
});

/** Submits entries as fast as they are answered until the tally is gone; keeps every answer and checkpoint. */
async function submitUntilItEnds(
  process: TallyProcess,
  cast: Cast,
  round: number,
  acknowledged: Map<string, number>,
  checkpoints: Checkpoint[],
): Promise<void> {
  const work = async (worker: number): Promise<void> => {
    const tally = await process.ready;
    // A release each round: its open, close and verdict are due around the kills.
    const name = { package: `pkg:npm/%40noble/hashes@2.0.${round}` };
    const releases = worker === 0 ? [releaseEntry(cast.publisher, tally.origin, name)] : [];
    // Founders, who say something new about themselves: strangers would meet the limits of a day.
    const founder = cast.founders[worker % cast.founders.length] as PrivateKey;
    for (let count = 0; ; count += 1) {
      const operator = `round ${round} worker ${worker} entry ${count}`;
      const entry = releases.pop() ?? builderEntry(founder, tally.origin, operator);
      const { status, body } = await post(tally, entry);
      assert.equal(status, 201, JSON.stringify(body));
      acknowledged.set(digestOf(entry), body['index'] as number);
      checkpoints.push(await checkpointOf(tally));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: 4 }, (_, worker) => work(worker)));
  for (const end of ends) {
    if (end.status === 'rejected' && end.reason instanceof assert.AssertionError) throw end.reason;
  }
}

async function checkpointOf(tally: TallyPlace): Promise<Checkpoint> {
  const note = Buffer.from(await (await fetch(`${tally.url}/checkpoint`)).arrayBuffer());
  return parseCheckpoint(openNote(note, [noteVerifier(tally.logKey, verifyEd25519)]).text);
}

async function readLog(tally: TallyPlace, { size }: Checkpoint): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (let index = 0; leaves.length < size; index += 1) {
    const width = tileWidthAt('entries', index, size);
    const partial = width < 256 ? `.p/${width}` : '';
    const url = `${tally.url}/tile/entries/${String(index).padStart(3, '0')}${partial}`;
    leaves.push(...parseEntryBundle(Buffer.from(await (await fetch(url)).arrayBuffer()), width));
  }
  return leaves;
}
