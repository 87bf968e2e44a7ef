import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { LogReplay, nodeHasher, parseEntryBundle } from '../../src/log/index.ts';
import { verifyInclusion } from '../../src/merkle/index.ts';
import {
  formatCosignerVkey,
  noteVerifier,
  openNote,
  parseCheckpoint,
  parseTlogPolicy,
} from '../../src/note/index.ts';
import { startTally } from '../../src/service/index.ts';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey, openEnvelope, verifyEd25519 } from '../../src/statement/index.ts';
import { openEvents } from './event-stream.ts';
import {
  ask,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  makeData,
  PACKAGE,
  post,
  RECIPE,
  releaseEntry,
  runTally,
  until,
} from './tally-fixture.ts';

const HASH = 'ab'.repeat(32);

test('a release goes its whole way: open, commit, close, vote, verdict', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast);
  const { origin } = tally;
  for (const founder of cast.founders) {
    assert.equal((await post(tally, builderEntry(founder, origin))).status, 201);
  }
  const release = releaseEntry(cast.publisher, origin);
  const digest = digestOf(release);
  assert.equal((await post(tally, release)).status, 201);
  const stateOf = async (): Promise<unknown> =>
    (await ask(`${tally.url}/api/v1/releases/${digest}`)).body['state'];
  await until(stateOf, (state) => state === 'committing');
  const ballots = cast.founders.map((key) => ballot(key, origin, digest, HASH));
  for (const { commit } of ballots) assert.equal((await post(tally, commit())).status, 201);
  const early = await post(tally, (ballots[0] as (typeof ballots)[0]).vote());
  assert.deepEqual([early.status, early.body['code']], [409, 'too-early']);
  await until(stateOf, (state) => state === 'voting');
  for (const { vote } of ballots) assert.equal((await post(tally, vote())).status, 201);
  // Nobody seeds, so no audit passes, and votes without an audit do not count.
  await until(stateOf, (state) => state === 'failed');
  const { body } = await ask(`${tally.url}/api/v1/releases?package=${encodeURIComponent(PACKAGE)}`);
  const [listed] = body['releases'] as { digest: string; winner: unknown }[];
  assert.deepEqual([listed?.digest, listed?.winner], [digest, null]);
  const none = await ask(`${tally.url}/api/v1/releases?package=pkg%3Anpm%2Fother%401.0.0`);
  assert.deepEqual(none.body['releases'], []);
});

test('an entry is answered once durable, a duplicate with its first place, also after a restart', async (t) => {
  const cast = makeCast();
  const dataFolder = await makeData(cast);
  const first = await startTally({ dataFolder });
  const entry = builderEntry(cast.founders[0] as (typeof cast.founders)[0], first.origin);
  const added = await post(first, entry);
  assert.equal(added.status, 201);
  assert.match(added.body['leafHash'] as string, /^[0-9a-f]{64}$/);
  const again = await post(first, entry);
  assert.deepEqual([again.status, again.body], [200, added.body]);
  await first.close();
  const second = await startTally({ dataFolder });
  t.after(() => second.close());
  const later = await post(second, entry);
  assert.deepEqual([later.status, later.body], [200, added.body]);
  assert.equal(second.logKey, first.logKey);
  const { body } = await ask(`${second.url}/api/v1/builders`);
  assert.equal((body['builders'] as unknown[]).length, 1);
});

test('many entries at once each get a place of their own, under one checkpoint that holds them', async (t) => {
  const tally = await runTally(t, makeCast());
  const keys = Array.from({ length: 60 }, (_, at) => generateKey(`builder-${at}`));
  const answers = await Promise.all(keys.map((key) => post(tally, builderEntry(key, tally.origin))));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  const indices = answers.map(({ body }) => body['index'] as number).sort((a, b) => a - b);
  assert.deepEqual(
    indices,
    Array.from({ length: 60 }, (_, at) => at + 1),
  );
  const note = await until(
    async () => Buffer.from(await (await fetch(`${tally.url}/checkpoint`)).arrayBuffer()),
    (bytes) => parseCheckpoint(openNote(bytes, [noteVerifier(tally.logKey, verifyEd25519)]).text).size === 61,
  );
  const checkpoint = parseCheckpoint(openNote(note, [noteVerifier(tally.logKey, verifyEd25519)]).text);
  const bundle = await fetch(`${tally.url}/tile/entries/000.p/61`);
  assert.match(bundle.headers.get('cache-control') ?? '', /immutable/);
  const replay = new LogReplay(nodeHasher);
  for (const leaf of parseEntryBundle(Buffer.from(await bundle.arrayBuffer()), 61)) {
    openEnvelope(replay.add(leaf).envelope);
  }
  replay.check(checkpoint);
  assert.equal((await ask(`${tally.url}/tile/entries/001`)).status, 404);
  assert.equal((await ask(`${tally.url}/tile/entries/1`)).status, 400);
  assert.equal((await fetch(`${tally.url}/tile/0/000.p/61`)).headers.get('content-length'), String(61 * 32));
});

test('blobs are taken when an entry names them, and come back as what they are', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast);
  const entry = releaseEntry(cast.publisher, tally.origin);
  const recipe = openEnvelope(entry).statement.subject.sha256;
  const url = `${tally.url}/blob/${recipe}`;
  const put = (target: string, body: Uint8Array): ReturnType<typeof ask> =>
    ask(target, { method: 'PUT', body: Buffer.from(body) });
  const early = await put(url, RECIPE);
  assert.deepEqual([early.status, early.body['code']], [403, 'unreferenced-blob']);
  await post(tally, entry);
  const wrong = await put(url, new TextEncoder().encode('<script>alert(1)</script>'));
  assert.deepEqual([wrong.status, wrong.body['code']], [400, 'blob-mismatch']);
  assert.equal((await ask(url)).status, 404);
  assert.equal((await put(url, RECIPE)).status, 201);
  const response = await fetch(url);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), RECIPE);
  assert.equal(response.headers.get('content-type'), 'application/octet-stream');
  assert.match(response.headers.get('content-security-policy') ?? '', /sandbox/);
  const status = (await ask(`${tally.url}/api/v1/status`)).body as { policy: { digest: string } };
  const policy = await fetch(`${tally.url}/blob/${status.policy.digest}`);
  assert.match(await policy.text(), /foundersQuorum = 1/);
});

test('entries are told as events, and again from Last-Event-ID on', async (t) => {
  const tally = await runTally(t, makeCast());
  const events = `${tally.url}/api/v1/events`;
  const stop = new AbortController();
  t.after(async () => stop.abort());
  const next = await openEvents(events, stop.signal);
  for (const name of ['a', 'b', 'c']) await post(tally, builderEntry(generateKey(name), tally.origin));
  for (const index of [1, 2, 3]) {
    const { id, data } = await next('entry');
    assert.deepEqual([id, data['index'], data['kind']], [String(index), index, 'builder']);
  }
  const resumed = await openEvents(events, stop.signal, { 'last-event-id': '1' });
  assert.equal((await resumed('entry')).data['index'], 2);
  assert.equal((await resumed('entry')).data['index'], 3);
});

test('an answer waits for the checkpoint with ?wait=inclusion, and brings its proof', async (t) => {
  const tally = await runTally(t, makeCast());
  const entries = Array.from({ length: 20 }, (_, at) =>
    builderEntry(generateKey(`builder-${at}`), tally.origin),
  );
  const answers = await Promise.all(entries.map((entry) => post(tally, entry, '?wait=inclusion')));
  const again = await post(tally, entries[0] as Uint8Array, '?wait=inclusion');
  assert.equal(again.status, 200);
  for (const { body } of [...answers, again]) {
    const note = Buffer.from(body['checkpoint'] as string);
    const { size, root } = parseCheckpoint(openNote(note, [noteVerifier(tally.logKey, verifyEd25519)]).text);
    verifyInclusion(
      {
        index: body['index'] as number,
        size,
        leafHash: Buffer.from(body['leafHash'] as string, 'hex'),
        root,
        proof: (body['inclusionProof'] as string[]).map((hash) => Buffer.from(hash, 'base64')),
      },
      nodeHasher,
    );
  }
  const plain = await post(tally, entries[1] as Uint8Array, '');
  assert.deepEqual(Object.keys(plain.body), ['index', 'timeMs', 'leafHash']);
  for (const query of ['?wait=for-ever', '?wait=inclusion&wait=inclusion', '?']) {
    assert.equal((await post(tally, entries[1] as Uint8Array, query)).body['code'], 'bad-request', query);
  }
});

test('an answer waits no longer than it may, and not with too many others', async (t) => {
  const inclusion = { waitMs: 1500, waiting: 2 };
  // A witness that nobody reaches, so that nothing is published.
  const witness = formatCosignerVkey('w.example', 'ed25519', Buffer.from(generateKey('w').key, 'hex'));
  const tally = await runTally(t, makeCast(), {
    limits: { ...SERVICE_LIMITS, inclusion },
    witnesses: parseTlogPolicy(toUtf8(`witness w ${witness} http://127.0.0.1:9\nquorum w\n`)),
  });
  const started = performance.now();
  const answers = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const answer = await post(tally, builderEntry(generateKey(name), tally.origin), '?wait=inclusion');
      return { answer, afterMs: performance.now() - started };
    }),
  );
  for (const { answer } of answers) {
    assert.equal(answer.status, 201, 'it is durable all the same');
    assert.deepEqual(Object.keys(answer.body), ['index', 'timeMs', 'leafHash']);
  }
  const waited = answers.filter(({ afterMs }) => afterMs >= inclusion.waitMs);
  assert.equal(waited.length, 2, 'the third was not kept waiting');
});
