import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { Monitor } from '../../src/monitor/index.ts';
import { formatStateNote, noteVerifier, openNote, parseStateNote, signNote } from '../../src/note/index.ts';
import { initTally, startTally } from '../../src/service/index.ts';
import { generateKey, verifyEd25519 } from '../../src/statement/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ManualClock } from './manual-clock.ts';
import { type Answer, ask, makeCast, policyToml, until } from './tally-fixture.ts';

test('monitors that the policy names sign what they recomputed, and the tally shows their signatures', async (t) => {
  const folder = temporaryFolder('states');
  const monitors = ['m1.example', 'm2.example'].map((name) => generateKey(name));
  const keys = JSON.stringify(monitors.map(({ vkey }) => vkey));
  const cast = makeCast();
  const clock = new ManualClock(Date.now());
  const dataFolder = join(folder, 'data');
  const policy = `${policyToml(cast)}\n[monitors]\nquorum = 2\nkeys = ${keys}\n`;
  await initTally({ dataFolder, policyToml: policy, founders: cast.founders.slice(0, 1), clock });
  const first = await startTally({ dataFolder, clock });
  t.after(() => first.close());

  const events: string[] = [];
  const watch = (at: number, url: string): Promise<Monitor> =>
    Monitor.open({
      tally: url,
      logKey: first.logKey,
      folder: join(folder, `monitor-${at}`),
      nowMs: () => clock.nowMs(),
      tell: ({ event }) => events.push(event),
      ...(monitors[at] !== undefined && { signer: monitors[at] }),
    });
  const one = await watch(0, first.url);
  const two = await watch(1, first.url);
  const { signal } = new AbortController();
  await one.round(signal);
  assert.deepEqual(events, ['checked'], 'there is no state yet');
  for (let hour = 0; hour < 25; hour += 1) {
    clock.advance(3600);
    const size = hour + 2;
    await until(
      async () => Number(/\n(\d+)\n/.exec(String((await ask(`${first.url}/checkpoint`)).body['text']))?.[1]),
      (published) => published >= size,
    );
  }
  for (const monitor of [one, two, one, two]) await monitor.round(signal);
  assert.equal(events.filter((event) => event === 'signed').length, 2, 'each once');
  assert.deepEqual([...one.alarms, ...two.alarms], []);
  const index = await signedState(first.url);
  const shown = await ask(signaturesAt(first.url, index));
  const note = toUtf8(String(shown.body['text']));
  const verifiers = monitors.map(({ vkey }) => noteVerifier(vkey, verifyEd25519));
  const opened = openNote(note, verifiers);
  assert.equal(opened.verified.length, 2);
  const state = parseStateNote(opened.text);
  assert.deepEqual([state.origin, state.index], [first.origin, index]);

  // Nobody else's signature, no other text, no other entry.
  const give = async (at: number | string, body: Uint8Array | string): Promise<number> =>
    (await ask(signaturesAt(first.url, at), { method: 'POST', body: Buffer.from(body) })).status;
  const [monitor] = monitors;
  assert.ok(monitor);
  assert.equal(await give(index, signNote(opened.text, [generateKey('m1.example')])), 403);
  const other = formatStateNote({ ...state, root: new Uint8Array(32) });
  assert.equal(await give(index, signNote(other, [monitor])), 400);
  assert.equal(await give(index, signNote('some text\n', [monitor])), 400);
  assert.equal(await give(index, 'no note'), 400);
  assert.equal(await give(0, signNote(formatStateNote({ ...state, index: 0 }), [monitor])), 404);
  assert.equal(await give(99_999, signNote(opened.text, [monitor])), 404);
  assert.equal(await give('x', signNote(opened.text, [monitor])), 400);
  assert.equal(await give(index, 'x'.repeat(10_000)), 413);
  assert.equal(await give(index, signNote(opened.text, [monitor])), 204);
  assert.deepEqual((await ask(signaturesAt(first.url, index))).body, shown.body);

  await first.close();
  const second = await startTally({ dataFolder, clock });
  t.after(() => second.close());
  assert.deepEqual((await ask(signaturesAt(second.url, index))).body, shown.body, 'they outlive a restart');
});

function signaturesAt(url: string, index: number | string): string {
  return `${url}/api/v1/states/${index}/signatures`;
}

/** Index of the one state that was signed. */
async function signedState(url: string): Promise<number> {
  const answers: Answer[] = [];
  for (let index = 0; index < 60; index += 1) {
    const answer = await ask(signaturesAt(url, index));
    answers.push(answer);
    if (answer.status === 200) return index;
  }
  throw new Error(`no state was signed: ${answers.map(({ status }) => status).join()}`);
}
