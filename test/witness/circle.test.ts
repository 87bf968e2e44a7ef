import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { toUtf8 } from '../../src/bytes/index.ts';
import { openCosignedCheckpoint, parseTlogPolicy } from '../../src/note/index.ts';
import { type AskLimits, VERIFY, WitnessCircle } from '../../src/witness/index.ts';
import { ALog } from './a-log.ts';
import { ask, runWitness } from './scene.ts';

interface Place {
  readonly url: string;
  readonly vkeys: readonly string[];
}

/** 200 MB of nothing, in less than a kilobyte. */
const BOMB = gzipSync(gzipSync(Buffer.alloc(200_000_000)));
const NEVER = new AbortController().signal;

function circleOf(
  log: ALog,
  places: readonly Place[],
  quorum: string,
  limits: Partial<AskLimits> = {},
  nowMs = Date.now,
) {
  const faults: unknown[] = [];
  const lines = places.map(({ url, vkeys }, at) => `witness w${at} ${vkeys[0]} ${url}\n`);
  const names = places.map((_, at) => `w${at}`).join(' ');
  const policy = parseTlogPolicy(toUtf8(`${lines.join('')}group g ${quorum} ${names}\nquorum g\n`));
  const onFault = (error: unknown): number => faults.push(error);
  const circle = new WitnessCircle(policy, { logVkey: log.key.vkey, limits, nowMs, onFault });
  const keys = places.map(({ vkeys }) => vkeys[0] ?? '');
  return {
    circle,
    faults,
    cosign: async (size: number) => {
      const note = await circle.cosign(log.head(size), (from) => log.proof(from, size), NEVER);
      const { checkpoint, cosigners } = openCosignedCheckpoint(note, log.key.vkey, keys, VERIFY);
      assert.equal(checkpoint.size, size);
      return cosigners.map(({ vkey }) => keys.indexOf(vkey)).toSorted((left, right) => left - right);
    },
  };
}

/** A place that answers as it is told, with the key of a witness that it is not. */
async function pretend(
  t: { after(hook: () => void): void },
  vkey: string,
  answer: RequestListener,
): Promise<Place> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, vkeys: [vkey] };
}

test('a log that grows gets all its witnesses, those that know nothing of it and those that know more', async (t) => {
  const log = new ALog();
  log.grow(50);
  const witnesses = [await runWitness(t, log), await runWitness(t, log), await runWitness(t, log)];
  assert.equal((await ask(witnesses[1]?.url ?? '', log, 0, 7)).status, 200, 'somebody else was faster');
  const { cosign, faults, circle } = circleOf(log, witnesses, '2', { graceMs: 2000 });
  const known = await circle.newestHeads(NEVER);
  assert.deepEqual(
    known.map((note) => /\n\d+\n/.exec(Buffer.from(note).toString())?.[0]),
    ['\n7\n'],
  );
  for (const size of [10, 10, 11, 50]) assert.deepEqual(await cosign(size), [0, 1, 2]);
  assert.deepEqual(faults, []);
  const heads = await circle.newestHeads(NEVER);
  assert.equal(heads.length, 3);
  for (const note of heads) assert.match(Buffer.from(note).toString(), /^example\.com\/log\n50\n/);
});

test('silent, lying, broken and dead witnesses cost a moment and no more', async (t) => {
  const log = new ALog();
  log.grow(30);
  const good = [await runWitness(t, log), await runWitness(t, log)];
  const other = await runWitness(t, log); // its key is used by those that pretend
  const vkey = (await runWitness(t, log)).vkeys[0] ?? '';
  const keys = await Promise.all(
    Array.from({ length: 8 }, async () => (await runWitness(t, log)).vkeys[0] ?? ''),
  );
  const bad = [
    await pretend(t, keys[0] ?? vkey, () => undefined), // never answers
    await pretend(t, keys[1] ?? vkey, (_, response) => response.end('no lines at all')),
    await pretend(t, keys[2] ?? vkey, (_, response) => response.writeHead(200).end('x'.repeat(1_000_000))),
    await pretend(t, keys[7] ?? vkey, (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(BOMB);
    }),
    await pretend(t, keys[3] ?? vkey, (_, response) =>
      response.writeHead(302, { location: other.url }).end(),
    ),
    await pretend(t, keys[4] ?? vkey, (_, response) => {
      response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('12\n'); // for ever
    }),
    await pretend(t, keys[5] ?? vkey, (_, response) => {
      response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('999999\n'); // claims, and shows nothing
    }),
    { url: other.url, vkeys: [keys[6] ?? vkey] }, // cosigns with another key than it is said to have
    { url: 'http://127.0.0.1:1', vkeys: other.vkeys }, // nobody is there
  ];
  const { cosign, faults } = circleOf(log, [...good, ...bad], '2', {
    requestMs: 60_000,
    quorumMs: 60_000,
    graceMs: 300,
  });
  for (const size of [20, 21, 22]) {
    const started = performance.now();
    assert.deepEqual(await cosign(size), [0, 1]);
    assert.ok(performance.now() - started < 20_000, 'the quorum was not kept waiting by the silent one');
  }
  const huge = faults.map(String).filter((fault) => fault.includes('answered with more than 131072 bytes'));
  assert.equal(new Set(huge).size, 2, 'of each that answers too much no more is read');
  assert.ok(faults.length >= 6, 'and each that failed is told of');
});

test('without a quorum the attempt ends in time, and the next one may succeed', async (t) => {
  const log = new ALog();
  log.grow(5);
  const first = await runWitness(t, log);
  const second = await runWitness(t, log);
  let isSilent = true;
  const relay = await pretend(t, second.vkeys[0] ?? '', (request, response) => {
    if (isSilent) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void fetch(second.url + (request.url ?? ''), { method: 'POST', body: Buffer.concat(chunks) }).then(
        async (answer) => {
          response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
          response.end(await answer.text());
        },
      );
    });
  });
  const { cosign } = circleOf(log, [first, relay], 'all', { quorumMs: 400, requestMs: 60_000 });
  const started = performance.now();
  await assert.rejects(cosign(3), { code: 'no-quorum' });
  assert.ok(performance.now() - started < 4000, 'long before the witness would be given up by itself');
  isSilent = false;
  assert.deepEqual(await cosign(4), [0, 1]);
});

test('what a witness cosigned before the quorum was lost counts when the others are back, however late', async (t) => {
  const log = new ALog();
  log.grow(5);
  let nowMs = Date.now();
  const options = { nowMs: (): number => nowMs };
  const early = await runWitness(t, log, options);
  const late = await runWitness(t, log, options);
  assert.equal((await ask(early.url, log, 0, 5)).status, 200);
  nowMs += 3 * 3600 * 1000;
  const { cosign, faults } = circleOf(log, [early, late], 'all', {}, options.nowMs);
  assert.deepEqual(await cosign(5), [0, 1]);
  assert.deepEqual(faults, []);
});

test('an older copy, and a fork, are recognised by what the log itself signed', async (t) => {
  const log = new ALog();
  log.grow(20);
  const witness = await runWitness(t, log);
  assert.equal((await ask(witness.url, log, 0, 20)).status, 200);
  const restored = circleOf(log, [witness], '1');
  await assert.rejects(restored.cosign(12), { name: 'LogError', code: 'older-tree' });
  const forked = new ALog(log.key);
  forked.grow(12);
  forked.grow(25, 'other');
  for (const size of [20, 25]) {
    await assert.rejects(circleOf(forked, [witness], '1').cosign(size), {
      name: 'LogError',
      code: 'forked-tree',
    });
  }
  assert.deepEqual(await circleOf(log, [witness], '1').cosign(20), [0]);
});

test('what one witness only says ends no log', async (t) => {
  const log = new ALog();
  log.grow(20);
  const good = await runWitness(t, log);
  const impostor = new ALog();
  impostor.grow(40);
  const vkey = (await runWitness(t, log)).vkeys[0] ?? '';
  const liar = await pretend(t, vkey, (request, response) => {
    if (request.method === 'GET') response.end(impostor.head(40).note);
    else response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('40\n');
  });
  const { cosign, circle } = circleOf(log, [good, liar], '1');
  assert.deepEqual(await cosign(20), [0]);
  assert.equal((await circle.newestHeads(NEVER)).length, 1);
});

test('a policy whose quorum cannot be asked is refused at the start', async (t) => {
  const log = new ALog();
  const { vkeys, url } = await runWitness(t, log);
  const options = { logVkey: log.key.vkey };
  const parse = (text: string) => parseTlogPolicy(toUtf8(text));
  assert.throws(() => new WitnessCircle(parse(`witness w ${vkeys[0]}\nquorum w\n`), options), {
    code: 'bad-config',
  });
  assert.throws(() => new WitnessCircle(parse(`witness w ${vkeys[0]} ftp://x\nquorum w\n`), options), {
    code: 'bad-config',
  });
  const none = new WitnessCircle(parse(`witness w ${vkeys[0]} ${url}\nquorum none\n`), options);
  assert.ok(await none.cosign(log.head(0), (from) => log.proof(from, 0), NEVER));
});

test('who waits for cosignatures can be told to stop', async (t) => {
  const log = new ALog();
  log.grow(2);
  const { vkeys } = await runWitness(t, log);
  const silent = await pretend(t, vkeys[0] ?? '', () => undefined);
  const { circle } = circleOf(log, [silent], '1');
  const stop = new AbortController();
  const cosigning = circle.cosign(log.head(2), (from) => log.proof(from, 2), stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(cosigning, /enough/);
});
