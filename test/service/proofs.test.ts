import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkProof } from '../../src/client/proof/check-proof.ts';
import { makeStatement, signStatement } from '../../src/statement/index.ts';
import {
  ask,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  PACKAGE,
  post,
  releaseEntry,
  runTally,
  until,
} from './tally-fixture.ts';

async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  return new Uint8Array(await response.arrayBuffer());
}

test('a running tally serves proofs by digest and by name, which a client checks by the log’s key alone', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast);
  const { origin, url, logKey } = tally;
  for (const key of cast.founders) await post(tally, builderEntry(key, origin));
  const release = releaseEntry(cast.publisher, origin);
  const digest = digestOf(release);
  await post(tally, release);
  const opened = checkProof(await bytesOf(`${url}/api/v1/releases/${digest}/proof`), { logKey });
  assert.equal(opened.state, undefined);
  const votes = cast.founders.map((key) => ballot(key, origin, digest, 'ab'.repeat(32)));
  for (const { commit } of votes) await post(tally, commit());
  const stateOf = async (): Promise<unknown> => (await ask(`${url}/api/v1/releases/${digest}`)).body['state'];
  await until(stateOf, (state) => state === 'voting');
  for (const { vote } of votes) await post(tally, vote());
  await until(stateOf, (state) => state === 'failed');
  const {
    level,
    release: view,
    state,
    tally: counted,
  } = checkProof(
    await bytesOf(`${url}/api/v1/proof?package=${encodeURIComponent(PACKAGE)}`),
    { logKey },
    PACKAGE,
  );
  assert.deepEqual([level, view.state, view.digest], ['tally', 'failed', digest]);
  assert.deepEqual(view.panel, cast.founders.map(({ key }) => key).sort());
  assert.match(view.builders[0]?.reason ?? '', /no audit saw it seed/);
  assert.ok(state !== undefined && counted.policy !== undefined);
});

test('what nobody announced has no proof', async (t) => {
  const tally = await runTally(t, makeCast());
  for (const path of [
    `releases/${'0'.repeat(64)}/proof`,
    'releases/x/proof',
    'proof',
    'proof?package=pkg:npm/x@1',
  ]) {
    assert.equal((await ask(`${tally.url}/api/v1/${path}`)).status, 404, path);
  }
});

test('a state that anybody else signs, or that the count does not confirm, is refused at the door', async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast);
  const root = '00'.repeat(32);
  const statement = makeStatement(
    'state',
    { name: 'state', sha256: root },
    {
      origin: tally.origin,
      timeMs: Date.now(),
      size: 1,
      root,
      builders: 0,
      eligible: 0,
      releases: 0,
      names: 0,
      policy: root,
    },
  );
  const envelope = signStatement(statement, cast.founders.slice(0, 1));
  const answer = await post(tally, envelope);
  assert.deepEqual([answer.status, answer.body['code']], [403, 'wrong-signer']);
});
