// Against a witness by those who ask it, and against a log by a witness that it asks.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { printable, toUtf8 } from '../../src/bytes/index.ts';
import { formatNote, openCosignedCheckpoint, parseNote, parseTlogPolicy } from '../../src/note/index.ts';
import { parseAddCheckpoint } from '../../src/witness/add-checkpoint.ts';
import {
  formatAddCheckpoint,
  generateCosigner,
  startWitness,
  VERIFY,
  WitnessCircle,
} from '../../src/witness/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ALog } from './a-log.ts';
import { ask, runWitness, send } from './scene.ts';

const NEVER = new AbortController().signal;

test('lines by unknown keys do not fill the place where forks are kept as evidence', async (t) => {
  const log = new ALog();
  log.grow(10);
  const dataFolder = temporaryFolder('witness');
  const witness = await startWitness({
    dataFolder,
    cosigners: [generateCosigner('w.example/w1', 'ed25519')],
    logs: [log.key.vkey],
  });
  const { url } = witness;
  assert.equal((await ask(url, log, 0, 10)).status, 200);
  const fork = async (fill: number, stranger: string): Promise<void> => {
    const { text, signatures } = parseNote(log.lie(10, new Uint8Array(32).fill(fill)).note);
    const line = { name: stranger, keyId: '01020304', signature: randomBytes(64) };
    const note = formatNote({ text, signatures: [...signatures, line] });
    const { status } = await send(url, formatAddCheckpoint({ oldSize: 10, proof: [], note }));
    assert.equal(status, 422);
  };
  for (let number = 0; number < 40; number += 1) await fork(1, `stranger${number}`);
  await fork(2, 'stranger');
  await witness.close();
  const database = new DatabaseSync(join(dataFolder, 'witness.sqlite'));
  t.after(() => database.close());
  assert.equal(database.prepare('SELECT count(*) AS forks FROM fork').get()?.['forks'], 2);
});

/** A witness that is asked by HTTP and answers what a test makes of it. */
async function evil(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const seconds of [-3600, 3600, 10 * 365 * 86_400]) {
  test(`a cosignature of a time ${seconds} s from the log's is none: another witness makes the quorum`, async (t) => {
    const log = new ALog();
    log.grow(10);
    const cosigner = generateCosigner('evil.example/w', 'ed25519');
    const url = await evil(t, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { note } = parseAddCheckpoint(Buffer.concat(chunks));
        const { text } = parseNote(note);
        const line = cosigner.cosign(text, Math.floor(Date.now() / 1000) + seconds);
        response.end(Buffer.from(formatNote({ text: '\n', signatures: [line] })).subarray(2));
      });
    });
    const honest = [await runWitness(t, log), await runWitness(t, log)];
    const vkeys = [cosigner.vkey, ...honest.map((witness) => witness.vkeys[0] ?? '')];
    const urls = [url, ...honest.map((witness) => witness.url)];
    const lines = vkeys.map((vkey, at) => `witness w${at} ${vkey} ${urls[at]}`);
    const policy = parseTlogPolicy(toUtf8([...lines, 'group two 2 w0 w1 w2', 'quorum two', ''].join('\n')));
    const faults: string[] = [];
    const circle = new WitnessCircle(policy, {
      logVkey: log.key.vkey,
      onFault: (error) => faults.push((error as Error).message),
    });
    const note = await circle.cosign(log.head(10), (from) => log.proof(from, 10), NEVER);
    const { cosigners } = openCosignedCheckpoint(note, log.key.vkey, vkeys, VERIFY);
    assert.deepEqual(
      cosigners.map(({ vkey }) => vkeys.indexOf(vkey)).toSorted((left, right) => left - right),
      [1, 2],
    );
    assert.match(faults.join(), /one of the two clocks is wrong/);
  });
}

test('what a witness says in its refusals cannot steer the terminal that shows it', async (t) => {
  const log = new ALog();
  log.grow(10);
  const cosigner = generateCosigner('evil.example/w', 'ed25519');
  const url = await evil(t, (_, response) => response.writeHead(400).end('\u009b2J\u202enot \u001b[31mso'));
  const policy = parseTlogPolicy(toUtf8(`witness w ${cosigner.vkey} ${url}\nquorum w\n`));
  const faults: string[] = [];
  const circle = new WitnessCircle(policy, {
    logVkey: log.key.vkey,
    limits: { quorumMs: 2000 },
    onFault: (error) => faults.push((error as Error).message),
  });
  await assert.rejects(
    circle.cosign(log.head(10), (from) => log.proof(from, 10), NEVER),
    { code: 'no-quorum' },
  );
  assert.match(faults.join(), /answered 400/);
  assert.equal(printable(faults.join()), faults.join());
});
