// The verifying threads come to what this thread would have come to, whatever they are given.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fromHex, toUtf8 } from '../../src/bytes/index.ts';
import {
  formatEnvelope,
  generateKey,
  makeStatement,
  PAYLOAD_TYPE,
  preAuthenticationEncoding,
  StatementError,
  signStatement,
  type VerifiedEnvelope,
  VerifyPool,
  verifiedEnvelope,
  verifyInOrder,
} from '../../src/statement/index.ts';
import { SeededRandom } from '../fault/random.ts';
import { edgePoints } from './ed25519-vectors.ts';

const keys = Array.from({ length: 4 }, (_, at) => generateKey(`key-${at}`));
const commit = (number: number) =>
  makeStatement(
    'commit',
    { name: 'pkg:npm/%40noble/hashes@2.0.1', sha256: 'ab'.repeat(32) },
    {
      origin: 'test.invalid/log',
      timeMs: 1_795_356_919_219,
      release: 'ab'.repeat(32),
      commitment: number.toString(16).padStart(64, '0'),
    },
  );
const signed = (number: number): Uint8Array =>
  signStatement(commit(number), keys.slice(0, 1 + (number % keys.length)));

/** What an envelope comes to, in a form that can be compared. */
type Outcome = VerifiedEnvelope | readonly [code: string, message: string];

async function outcomeOf(verify: () => VerifiedEnvelope | Promise<VerifiedEnvelope>): Promise<Outcome> {
  try {
    const { statement, payloadDigest, signers, refused } = await verify();
    return { statement, payloadDigest, signers, refused };
  } catch (error) {
    assert.ok(error instanceof StatementError, String(error));
    return [error.code, error.message];
  }
}

async function alike(pool: VerifyPool, envelopes: readonly Uint8Array[]): Promise<Outcome[]> {
  const here = await Promise.all(envelopes.map((each) => outcomeOf(() => verifiedEnvelope(each))));
  const there = await Promise.all(envelopes.map((each) => outcomeOf(() => pool.verify(each))));
  assert.deepEqual(there, here);
  return here;
}

async function withPool<Value>(
  options: ConstructorParameters<typeof VerifyPool>[0],
  use: (pool: VerifyPool) => Promise<Value>,
): Promise<Value> {
  const pool = new VerifyPool(options);
  try {
    return await use(pool);
  } finally {
    await pool.close();
  }
}

suite('the verifying threads', () => {
  test('come to the same of good envelopes, of forged signatures, and of every kind of rubbish', async () => {
    const random = new SeededRandom(7);
    const good = Array.from({ length: 150 }, (_, at) => signed(at));
    const turned = Array.from({ length: 400 }, (_, at) => {
      const bytes = Uint8Array.from(good[at % good.length] as Uint8Array);
      const place = random.integer(0, bytes.length - 1);
      bytes[place] = (bytes[place] as number) ^ (1 << random.integer(0, 7));
      return bytes;
    });
    const cut = Array.from({ length: 50 }, (_, at) =>
      (good[at] as Uint8Array).subarray(0, random.integer(0, 700)),
    );
    const rubbish = [
      new Uint8Array(0),
      new Uint8Array(4096),
      new Uint8Array(4097),
      new Uint8Array(100_000),
      toUtf8('null'),
      toUtf8('['.repeat(4096)),
      toUtf8(`{"a":${'{"a":'.repeat(800)}`),
      toUtf8('{"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[]}'),
      Uint8Array.of(0xff, 0xfe, 0x7b),
    ];
    await withPool({ threads: 2 }, async (pool) => {
      const outcomes = await alike(pool, [...good, ...turned, ...cut, ...rubbish]);
      const forged = outcomes.filter((each) => 'refused' in each && each.refused.length > 0);
      assert.ok(forged.length > 10, 'some signatures were turned, and nothing else');
      assert.ok(outcomes.filter((each) => Array.isArray(each)).length > 100);
      const whole = outcomes.slice(0, good.length) as VerifiedEnvelope[];
      assert.ok(
        whole.every(({ signers, refused }, at) => signers.length === 1 + (at % 4) && refused.length === 0),
      );
    });
  });

  test('come to the same of keys and signatures that only a careless verifier takes', async () => {
    const payload = toUtf8(JSON.stringify(commit(1)));
    const envelopes = edgePoints()
      .slice(0, 200)
      .map(({ key, signature }) => formatEnvelope(payload, [{ key, signature: fromHex(signature) }]));
    // And a true signature beside a hostile one: neither hides the other.
    const [first, second] = keys;
    assert.ok(first && second);
    const { payload: bytes } = JSON.parse(Buffer.from(signStatement(commit(2), [first])).toString()) as {
      payload: string;
    };
    const body = Buffer.from(bytes, 'base64');
    const mine = first.sign(preAuthenticationEncoding(PAYLOAD_TYPE, body));
    envelopes.push(
      formatEnvelope(body, [
        { key: second.key, signature: mine },
        { key: first.key, signature: mine },
      ]),
    );
    await withPool({ threads: 2 }, async (pool) => {
      const mixed = (await alike(pool, envelopes)).at(-1) as VerifiedEnvelope;
      assert.deepEqual([mixed.signers, mixed.refused], [[first.key], [second.key]]);
    });
  });

  test('take so many envelopes at one time and no more; what was taken in is answered', async () => {
    await withPool({ threads: 2, waiting: 10 }, async (pool) => {
      const results = await Promise.allSettled(
        Array.from({ length: 15 }, (_, at) => pool.verify(signed(at))),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 10);
      for (const result of results.slice(10)) {
        assert.equal(result.status === 'rejected' && (result.reason as StatementError).code, 'busy');
      }
      assert.equal((await pool.verify(signed(99))).signers.length, 4);
    });
  });

  test('that are ended reject what they had before them, and take nothing more', async () => {
    const pool = new VerifyPool({ threads: 2 });
    const waiting = Promise.allSettled(Array.from({ length: 100 }, (_, at) => pool.verify(signed(at))));
    await pool.close();
    for (const result of await waiting) {
      assert.equal(result.status === 'rejected' && (result.reason as StatementError).code, 'closed');
    }
    await assert.rejects(pool.verify(signed(1)), { code: 'closed' });
  });
});

suite('a long row of envelopes', () => {
  test('comes in its order, many more than may wait at once', async () => {
    const envelopes = Array.from({ length: 40 }, (_, at) => signed(at));
    const row = Array.from({ length: 3000 }, (_, at) => ({ at, envelope: envelopes[at % 40] as Uint8Array }));
    await withPool({ threads: 2, waiting: 1024 }, async (pool) => {
      let next = 0;
      for await (const { item, verified } of verifyInOrder(row, ({ envelope }) => pool.verify(envelope))) {
        assert.equal(item.at, next);
        assert.equal(verified.signers.length, 1 + (next % 4));
        next += 1;
      }
      assert.equal(next, row.length);
    });
  });

  test('ends at the one that is refused, after all before it', async () => {
    const row = [signed(1), signed(2), new Uint8Array(3), signed(4)];
    const seen: number[] = [];
    await assert.rejects(
      async () => {
        for await (const { item } of verifyInOrder(row.entries(), ([, each]) => verifiedEnvelope(each))) {
          seen.push(item[0]);
        }
      },
      { code: 'bad-envelope' },
    );
    assert.deepEqual(seen, [0, 1]);
  });
});
