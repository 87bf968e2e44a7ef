// A builder's key is proven inside a peer connection, to whoever dialled the builder itself and to nobody else.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { concatBytes, fromHex } from '../../src/bytes/index.ts';
import { generateKey, type PrivateKey, sha256 } from '../../src/statement/index.ts';
import {
  Engine,
  type EngineOptions,
  probeSeeder,
  proveIdentity,
  type SeedIdentity,
} from '../../src/swarm/index.ts';
import {
  challengeText,
  encodeIdentityMessage,
  type IdentityChallenge,
  type IdentityProof,
  mappedAddress,
  type PeerAddress,
  parseIdentityMessage,
  proofText,
} from '../../src/wire/index.ts';
import { type MadeTorrent, makeTorrent, patternBytes, temporaryFolder } from './content.ts';
import { type Ids, type Rewrite, startRelay } from './relay.ts';
import { awaitSeeder, dialVerifier } from './scripted-verifier.ts';

const verifier = generateKey('verifier');
const builder = generateKey('builder');
const LIMIT_MS = 10_000;

interface Seeding extends MadeTorrent {
  readonly address: { readonly host: string; readonly port: number };
}

async function seeding(
  context: TestContext,
  identity: SeedIdentity | undefined,
  options: Partial<EngineOptions> = {},
): Promise<Seeding> {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(100_000, 5) }, 'v2');
  const engine = new Engine(options);
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(made.torrent, made.path, { identity });
  return { ...made, address };
}

/** Asks at an address for the key. */
function prove(
  { metainfo }: MadeTorrent,
  at: { readonly host: string; readonly port: number },
  options: {
    readonly expectedKey?: string;
    readonly signer?: PrivateKey;
    readonly localAddress?: string;
  } = {},
) {
  return proveIdentity({
    host: at.host,
    port: at.port,
    infoHash: metainfo.infoHashV2,
    signer: verifier,
    signal: AbortSignal.timeout(LIMIT_MS),
    ...options,
  });
}

test('a seeder proves its builder’s key to who dialled it, and the probe of a block tells it too', async (context) => {
  const made = await seeding(context, { signer: builder });
  const { identity, receivedBytes, sentBytes, milliseconds, client } = await prove(made, made.address);
  assert.equal(identity, builder.key);
  assert.ok(receivedBytes < 600 && sentBytes < 600, `${receivedBytes} and ${sentBytes} bytes`);
  assert.ok(milliseconds < 5000);
  assert.equal(client, 'bitquorum 0.1');
  const probed = await probeSeeder({
    ...made.address,
    infoHash: made.metainfo.infoHashV2,
    identity: { signer: verifier, expectedKey: builder.key },
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  assert.equal(probed.identity, builder.key);
  assert.equal(probed.proof, 'block');
});

test('a seeder that was given no identity proves none, and still seeds', async (context) => {
  const made = await seeding(context, undefined);
  await assert.rejects(prove(made, made.address), {
    code: 'identity-refused',
    message: /does not know the extension bq_identity/,
  });
  const options = {
    ...made.address,
    infoHash: made.metainfo.infoHashV2,
    signal: AbortSignal.timeout(LIMIT_MS),
  };
  assert.equal((await probeSeeder(options)).identity, undefined);
});

test('another key than the one expected is told', async (context) => {
  const made = await seeding(context, { signer: builder });
  await assert.rejects(prove(made, made.address, { expectedKey: verifier.key }), {
    code: 'identity-wrong',
    message: new RegExp(`not of key ${verifier.key} but of ${builder.key}`),
  });
});

test('it is proven over IPv6 and over encrypted connections as well', async (context) => {
  const made = await seeding(context, { signer: builder }, { host: '::1' });
  assert.equal((await prove(made, made.address)).identity, builder.key);
  const hidden = await seeding(context, { signer: builder }, { encryption: 'require', host: '127.0.41.1' });
  assert.equal((await prove(hidden, hidden.address)).identity, builder.key);
});

test('a seeder on all addresses knows by which one it was dialled', async (context) => {
  const made = await seeding(context, { signer: builder }, { host: '0.0.0.0' });
  const { port } = made.address;
  for (const host of ['127.0.0.1', '127.0.41.2']) {
    assert.equal((await prove(made, { host, port })).identity, builder.key);
  }
  const both = await seeding(context, { signer: builder }, { host: '::' });
  for (const host of ['127.0.0.1', '::1']) {
    assert.equal((await prove(both, { host, port: both.address.port })).identity, builder.key);
  }
});

test('a relay at another address that carries every byte gets no proof: the builder refuses an address that is not its own', async (context) => {
  const made = await seeding(context, { signer: builder }, { host: '127.0.42.1' });
  const relay = await startRelay(context, '127.0.42.2', made.address);
  await assert.rejects(prove(made, relay), {
    code: 'identity-refused',
    message: /the address is not its own/,
  });
  assert.equal(relay.connections(), 1, 'the builder was asked by way of the relay');
  assert.equal((await prove(made, made.address)).identity, builder.key);
});

test('known limit: a relay that really serves is a seeder; it proves no key', async (context) => {
  const made = await seeding(context, { signer: builder }, { host: '127.0.42.3' });
  const relay = await startRelay(context, '127.0.42.4', made.address);
  const options = { ...relay, infoHash: made.metainfo.infoHashV2, signal: AbortSignal.timeout(LIMIT_MS) };
  assert.equal((await probeSeeder(options)).proof, 'block');
  await assert.rejects(probeSeeder({ ...options, identity: { signer: verifier } }), {
    code: 'identity-refused',
  });
});

/** A challenge that passes through a relay becomes another one. */
function onChallenge(change: (challenge: IdentityChallenge, ids: Ids) => IdentityChallenge): Rewrite {
  return (payload, _, ids) => {
    const message = parseIdentityMessage(payload);
    return message?.type === 'challenge' ? encodeIdentityMessage(change(message, ids)) : payload;
  };
}

/** Whatever the builder answers becomes a proof that the relay makes. */
function onAnswer(forge: (digest: Uint8Array) => Omit<IdentityProof, 'type'>, made: MadeTorrent): Rewrite {
  let digest = new Uint8Array(0);
  return (payload, way, ids) => {
    const message = parseIdentityMessage(payload);
    const { infoHashV2: infoHash } = made.metainfo;
    if (message?.type === 'challenge') digest = sha256(challengeText(message, { infoHash, ...ids })).slice();
    return way === 'to-seeder' ? payload : encodeIdentityMessage({ type: 'proof', ...forge(digest) });
  };
}

/** Where a challenge says that the verifier dialled. */
function placeOf({ host, port }: PeerAddress): Pick<IdentityChallenge, 'address' | 'port'> {
  return { address: mappedAddress(host) as Uint8Array, port };
}

const forger = generateKey('forger');

/** What a relay may try to be taken for the builder, and what the verifier then says. */
const FORGERIES: readonly (readonly [
  name: string,
  says: { readonly code: string; readonly message: RegExp },
  rewrite: (made: Seeding) => Rewrite,
])[] = [
  [
    'writes the builder’s address into the challenge',
    { code: 'identity-refused', message: /not signed well/ },
    ({ address }) => onChallenge((challenge) => ({ ...challenge, ...placeOf(address) })),
  ],
  [
    'asks the builder with a challenge of its own',
    { code: 'identity-wrong', message: /a proof of its key that is wrong/ },
    ({ address, metainfo }) =>
      onChallenge((challenge, ids) => {
        const mine = { ...challenge, ...placeOf(address), key: fromHex(forger.key) };
        const text = challengeText(mine, { infoHash: metainfo.infoHashV2, ...ids });
        return { ...mine, signature: forger.sign(text) };
      }),
  ],
  [
    'signs in the builder’s name',
    { code: 'identity-wrong', message: /a proof of its key that is wrong/ },
    (made) =>
      onAnswer((digest) => {
        const key = fromHex(builder.key);
        return { key, signature: forger.sign(proofText(digest, key)) };
      }, made),
  ],
  [
    'plays a proof again that the builder gave to another challenge',
    { code: 'identity-wrong', message: /a proof of its key that is wrong/ },
    (made) =>
      onAnswer(() => {
        const key = fromHex(builder.key);
        return { key, signature: builder.sign(proofText(new Uint8Array(32), key)) };
      }, made),
  ],
  [
    'proves a key of its own',
    { code: 'identity-wrong', message: new RegExp(`but of ${forger.key}`) },
    (made) =>
      onAnswer((digest) => {
        const key = fromHex(forger.key);
        return { key, signature: forger.sign(proofText(digest, key)) };
      }, made),
  ],
  [
    'gives a key of small order, which signs anything',
    { code: 'identity-wrong', message: /a proof of its key that is wrong/ },
    (made) =>
      onAnswer(() => {
        const key = new Uint8Array(32).fill(1, 0, 1);
        return { key, signature: concatBytes(key, new Uint8Array(32)) };
      }, made),
  ],
];

for (const [name, says, rewrite] of FORGERIES) {
  test(`a relay that ${name} is not taken for the builder`, async (context) => {
    const made = await seeding(context, { signer: builder }, { host: '127.0.43.1' });
    const relay = await startRelay(context, '127.0.43.2', made.address, rewrite(made));
    await assert.rejects(prove(made, relay, { expectedKey: builder.key }), says);
  });
}

test('behind NAT the builder says its public address: the one that forwards to it, and no other', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(50_000, 6) }, 'v2');
  const engine = new Engine({ host: '127.0.44.1' });
  context.after(() => engine.close());
  const address = await engine.listen();
  const router = await startRelay(context, '127.0.44.2', address);
  const stranger = await startRelay(context, '127.0.44.3', address);
  await engine.seed(made.torrent, made.path, { identity: { signer: builder, addresses: [router] } });
  assert.equal((await prove(made, router)).identity, builder.key);
  await assert.rejects(prove(made, stranger), { code: 'identity-refused', message: /not its own/ });
});

test('a builder may answer named verifiers only', async (context) => {
  const made = await seeding(context, { signer: builder, verifiers: [verifier.key] });
  assert.equal((await prove(made, made.address)).identity, builder.key);
  await assert.rejects(prove(made, made.address, { signer: generateKey('curious') }), {
    code: 'identity-refused',
    message: /other verifiers only/,
  });
});

test('who was dialled by the builder dialled no address of it, and gets no proof', async (context) => {
  const folder = await temporaryFolder(context);
  const made = await makeTorrent(folder, 'content', { '': patternBytes(50_000, 7) }, 'v2');
  const dialled = await awaitSeeder(context, '127.0.45.2', made);
  const engine = new Engine({ host: '127.0.45.1', localAddress: '127.0.45.1' });
  context.after(() => engine.close());
  const address = await engine.listen();
  await engine.seed(made.torrent, made.path, { identity: { signer: builder }, peers: [dialled] });
  const { ask, ids } = await dialled.conversation;
  const challenge = { key: fromHex(verifier.key), nonce: new Uint8Array(32), ...placeOf(address) };
  const text = challengeText(challenge, { infoHash: made.metainfo.infoHashV2, ...ids });
  const answer = await ask({ type: 'challenge', ...challenge, signature: verifier.sign(text) });
  assert.deepEqual(answer, { type: 'refusal', reason: 'address' });
});

test('who asks without end is refused, then cut off; others are answered', async (context) => {
  const made = await seeding(context, { signer: builder }, { host: '127.0.46.1' });
  const from = (localAddress: string) => prove(made, made.address, { localAddress });
  let answered = 0; // one more proof is given each fifth of a second, so that a slow machine gets some more
  const untilRefused = async (): Promise<never> => {
    for (; answered < 500; answered += 1) await from('127.0.46.2');
    throw new Error('it never refused');
  };
  await assert.rejects(untilRefused(), { code: 'peer-refused', message: /too often: ask later/ });
  assert.ok(answered >= 50, `${answered} were answered`);
  assert.equal((await from('127.0.46.3')).identity, builder.key);

  const { closed, ask } = await dialVerifier(context, '127.0.46.4', made);
  const challenge = { type: 'challenge', key: fromHex(verifier.key), nonce: new Uint8Array(32) } as const;
  const unsigned = { ...challenge, ...placeOf(made.address), signature: new Uint8Array(64) };
  assert.deepEqual(await ask(unsigned), { type: 'refusal', reason: 'signature' });
  for (let count = 0; count < 20; count += 1) ask(unsigned).catch(() => undefined);
  await closed;
  assert.equal((await from('127.0.46.3')).identity, builder.key);
});

test('what is no key and what is no address is refused before anything is seeded', async (context) => {
  const made = await seeding(context, undefined);
  const engine = new Engine();
  context.after(() => engine.close());
  const signer = { key: 'mine', sign: () => new Uint8Array(64) };
  const addresses = [{ host: 'builder.example', port: 6881 }];
  for (const identity of [
    { signer },
    { signer: builder, verifiers: ['me'] },
    { signer: builder, addresses },
  ]) {
    await assert.rejects(engine.seed(made.torrent, made.path, { identity }), { code: 'bad-identity' });
  }
  await engine.seed(made.torrent, made.path);
});
