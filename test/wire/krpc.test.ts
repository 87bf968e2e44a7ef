import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from '../../src/bencode/index.ts';
import { fromHex, toHex } from '../../src/bytes/index.ts';
import { encodeKrpc, isNodeIdFor, type KrpcMessage, nodeIdFor, parseKrpc } from '../../src/wire/index.ts';

const record = <Value>(model: { [Key in keyof Value]: fc.Arbitrary<Value[Key]> }) =>
  fc.record<Value>(model, { noNullPrototype: true });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'));
const transactionId = fc.uint8Array({ minLength: 1, maxLength: 16 });
const token = fc.uint8Array({ minLength: 1, maxLength: 64 });
const question = fc.oneof(
  record({ method: fc.constant('ping' as const) }),
  record({ method: fc.constant('find_node' as const), target: bytes(20) }),
  record({ method: fc.constant('get_peers' as const), infoHash: bytes(20) }),
  record({
    method: fc.constant('announce_peer' as const),
    infoHash: bytes(20),
    port,
    impliedPort: fc.boolean(),
    token,
  }),
);
const message: fc.Arbitrary<KrpcMessage> = fc.oneof(
  record({
    type: fc.constant('query' as const),
    transactionId,
    id: bytes(20),
    readOnly: fc.boolean(),
    question,
  }),
  record({
    type: fc.constant('response' as const),
    transactionId,
    id: bytes(20),
    seenAs: record({ host, port }),
    answer: record({
      nodes: fc.array(record({ host, port, id: bytes(20) }), { maxLength: 32 }),
      peers: fc.array(record({ host, port }), { maxLength: 20 }),
      token,
    }),
  }),
  record({
    type: fc.constant('error' as const),
    transactionId,
    code: fc.nat(999),
    message: fc.string({ maxLength: 50, unit: 'grapheme-ascii' }),
  }),
);

test('every message is read as it was written', () => {
  fc.assert(
    fc.property(message, (written) => {
      assert.deepEqual(parseKrpc(encodeKrpc(written)), written);
    }),
  );
});

test('any bytes, and any bent packet, are read or refused by name', () => {
  const read = (packet: Uint8Array): void => {
    try {
      parseKrpc(packet);
    } catch (error) {
      assert.equal((error as { code: string }).code, 'bad-krpc');
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), read));
  fc.assert(
    fc.property(message, fc.nat(), fc.nat(255), (written, at, value) => {
      const packet = encodeKrpc(written);
      packet[at % packet.length] = value;
      read(packet);
    }),
  );
});

test('the examples of BEP 5', () => {
  const packet = Buffer.from(
    'd1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe',
  );
  const read = parseKrpc(packet);
  assert.ok(read.type === 'query' && read.question.method === 'get_peers');
  assert.equal(Buffer.from(read.question.infoHash).toString(), 'mnopqrstuvwxyz123456');
  const answer = parseKrpc(
    Buffer.from('d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re'),
  );
  assert.ok(answer.type === 'response');
  assert.deepEqual(answer.answer.peers, [
    { host: '97.120.106.101', port: 0x2e75 },
    { host: '105.100.104.116', port: 0x6e6d },
  ]);
  const error = parseKrpc(Buffer.from('d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee'));
  assert.deepEqual(error.type === 'error' && [error.code, error.message], [201, 'A Generic Error Ocurred']);
});

test('more than is allowed is refused, what has another kind too', () => {
  const id = new Uint8Array(20);
  const refused = { code: 'bad-krpc' };
  const response = (r: object) => encode({ t: 'aa', y: 'r', r: { id, ...r } });
  assert.throws(() => parseKrpc(response({ nodes: new Uint8Array(33 * 26) })), refused);
  assert.throws(() => parseKrpc(response({ nodes: new Uint8Array(27) })), refused);
  assert.throws(() => parseKrpc(response({ nodes: 7 })), refused);
  assert.throws(() => parseKrpc(response({ values: 'x' })), refused);
  assert.throws(() => parseKrpc(response({ values: [7] })), refused);
  assert.throws(() => parseKrpc(response({ values: [new Uint8Array(7)] })), refused);
  assert.throws(() => parseKrpc(response({ token: new Uint8Array(65) })), refused);
  assert.throws(() => parseKrpc(response({ padding: new Uint8Array(2048) })), refused);
  const many = parseKrpc(response({ values: Array.from({ length: 180 }, () => new Uint8Array(6).fill(1)) }));
  assert.ok(many.type === 'response' && many.answer.peers.length === 128);
});

test('node ids fit their address (BEP 42, its vectors)', () => {
  for (const [address, last, prefix] of [
    ['124.31.75.21', 1, '5fbfbf'],
    ['21.75.31.124', 86, '5a3ce9'],
    ['65.23.51.170', 22, 'a5d432'],
    ['84.124.73.14', 65, '1b0321'],
    ['43.213.53.83', 90, 'e56f6c'],
  ] as const) {
    const random = new Uint8Array(20).fill(7);
    random[19] = last;
    const id = nodeIdFor(address, random);
    const masked = fromHex(prefix);
    masked[2] = ((masked[2] as number) & 0xf8) | 7;
    assert.equal(toHex(id.subarray(0, 3)), toHex(masked));
    assert.ok(isNodeIdFor(address, id));
    assert.ok(!isNodeIdFor('1.2.3.4', id));
    id[1] = (id[1] as number) ^ 1;
    assert.ok(!isNodeIdFor(address, id));
  }
});
