// Whoever adds a signature of its own to what others signed gets nothing into the log by their standing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  generateKey,
  makeStatement,
  openEnvelope,
  policyRules,
  preAuthenticationEncoding,
  signStatement,
} from '../../src/statement/index.ts';
import {
  ask,
  builderEntry,
  digestOf,
  makeCast,
  PACKAGE,
  post,
  releaseEntry,
  runTally,
  until,
} from './tally-fixture.ts';

/** What the log adds of itself, whenever it is due. */
const OWN = new Set<string>(['open', 'close', 'verdict', 'heartbeat', 'state']);

interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** The same payload with one more signature, by a key that sorts before all others: for the log it is another entry. */
function withStranger(bytes: Uint8Array): Uint8Array {
  const envelope = JSON.parse(Buffer.from(bytes).toString()) as Envelope;
  const lowest = envelope.signatures.map(({ keyid }) => keyid).sort()[0] ?? '';
  let stranger = generateKey('stranger');
  while (stranger.key > lowest) stranger = generateKey('stranger');
  const message = preAuthenticationEncoding(envelope.payloadType, Buffer.from(envelope.payload, 'base64'));
  const signature = { keyid: stranger.key, sig: Buffer.from(stranger.sign(message)).toString('base64') };
  return Buffer.from(JSON.stringify({ ...envelope, signatures: [signature, ...envelope.signatures] }));
}

/** The envelopes of a running tally's log, as anybody may read them, once `least` of them are published. */
async function envelopesOf(tally: { url: string }, least: number): Promise<Uint8Array[]> {
  const checkpoint = async (): Promise<string> => (await fetch(`${tally.url}/checkpoint`)).text();
  const size = Number(
    (await until(checkpoint, (note) => Number(note.split('\n')[1]) >= least)).split('\n')[1],
  );
  const bundle = Buffer.from(await (await fetch(`${tally.url}/tile/entries/000.p/${size}`)).arrayBuffer());
  const envelopes: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + bundle.readUInt16BE(at);
    envelopes.push(bundle.subarray(at + 2 + 8, end));
    at = end;
  }
  return envelopes;
}

test('what is in the log does not get in again by one more signature, whoever signed it first', async (t) => {
  const cast = makeCast();
  const [founder = assert.fail()] = cast.founders;
  const tally = await runTally(t, cast, { windowSeconds: 60 });
  const { origin } = tally;
  let logged = 0;
  const send = async (envelope: Uint8Array): Promise<string> => {
    const { status, body } = await post(tally, envelope);
    assert.equal(status, 201, JSON.stringify(body));
    logged = Number(body['index']) + 1;
    return digestOf(envelope);
  };
  await send(builderEntry(founder, origin));
  const release = await send(releaseEntry(cast.publisher, origin, { windowSeconds: 60 }));
  const subject = { name: PACKAGE, sha256: release };
  const bound = { origin, timeMs: Date.now() };
  const rules = policyRules.parse({
    name: 'next',
    demo: true,
    founders: cast.founders.map(({ key }) => key),
    foundersQuorum: 1,
    publishers: [],
    panelSeats: 3,
    minimumVotes: 2,
    panelMargin: [2, 3],
    foundersMargin: [2, 3],
    windows: { commitFloorSeconds: 60, voteFloorSeconds: 60 },
    heartbeatSeconds: 600,
  });
  const effectiveMs = Date.now() + 15 * 86_400_000;
  const policy = makeStatement(
    'policy',
    { name: 'policy', sha256: 'ab'.repeat(32) },
    { ...bound, rules, effectiveMs },
  );
  await send(signStatement(policy, [founder]));
  const takedown = makeStatement('takedown', subject, { ...bound, release, reason: 'unlawful' });
  await send(signStatement(takedown, [founder]));
  await send(
    signStatement(makeStatement('revote', subject, { ...bound, release, reason: 'lawful' }), [founder]),
  );

  const envelopes = await envelopesOf(tally, logged);
  const kinds = new Set<string>();
  for (const envelope of envelopes) {
    const answer = await post(tally, withStranger(envelope));
    const { kind } = openEnvelope(envelope).statement;
    kinds.add(kind);
    assert.ok(answer.status >= 400 && answer.status < 500, `${kind}: ${answer.status}`);
    const code = ['policy', 'release', 'takedown', 'revote'].includes(kind) ? 'duplicate' : 'wrong-signer';
    assert.equal(answer.body['code'], code, kind);
  }
  for (const kind of ['policy', 'builder', 'release', 'open', 'takedown', 'revote'])
    assert.ok(kinds.has(kind), kind);
  const { body } = await ask(`${tally.url}/api/v1/status`);
  for (const envelope of (await envelopesOf(tally, Number(body['size']))).slice(envelopes.length)) {
    const { kind } = openEnvelope(envelope).statement;
    assert.ok(OWN.has(kind), `${kind}: nothing but what the log itself still owed`);
  }
});
