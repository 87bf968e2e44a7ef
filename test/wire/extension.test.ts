import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { brandBytes, toUtf8 } from '../../src/bytes/index.ts';
import {
  encodeExtensionHandshake,
  encodeHandshake,
  encodeMetadataMessage,
  isHandshakeStart,
  parseExtensionHandshake,
  parseHandshake,
  parseMetadataMessage,
  WireError,
} from '../../src/wire/index.ts';

const bytes20 = () => fc.uint8Array({ minLength: 20, maxLength: 20 });

test('a handshake comes back as it was written', () => {
  fc.assert(
    fc.property(
      bytes20(),
      bytes20(),
      fc.record({ extended: fc.boolean(), fast: fc.boolean(), upgradable: fc.boolean() }),
      (infoHash, peerId, flags) => {
        const handshake = { infoHash, peerId: brandBytes('PeerId', peerId), ...flags };
        const bytes = encodeHandshake(handshake);
        assert.equal(bytes.length, 68);
        assert.deepEqual(parseHandshake(bytes), handshake);
        assert.ok(isHandshakeStart(bytes.subarray(0, 7)));
      },
    ),
  );
});

test('the reserved bits stand where BEP 6, 10 and 52 put them', () => {
  const none = new Uint8Array(20);
  const reserved = (flags: { extended: boolean; fast: boolean; upgradable: boolean }) =>
    Buffer.from(
      encodeHandshake({ infoHash: none, peerId: brandBytes('PeerId', none), ...flags }).subarray(20, 28),
    ).toString('hex');
  assert.equal(reserved({ extended: true, fast: false, upgradable: false }), '0000000000100000');
  assert.equal(reserved({ extended: false, fast: true, upgradable: false }), '0000000000000004');
  assert.equal(reserved({ extended: false, fast: false, upgradable: true }), '0000000000000010');
});

test('other first bytes are no handshake', () => {
  assert.throws(() => parseHandshake(new Uint8Array(68)), { code: 'bad-handshake' });
  assert.ok(!isHandshakeStart(toUtf8('GET / HTTP/1.1')));
});

test('an extension handshake comes back; odd values in it are passed over', () => {
  const handshake = {
    extensions: new Map([
      ['ut_metadata', 3],
      ['ut_pex', 0],
    ]),
    metadataBytes: 31_235,
    requestQueue: 500,
    listenPort: 6881,
    client: 'bitquorum 0.1.0',
  };
  assert.deepEqual(parseExtensionHandshake(encodeExtensionHandshake(handshake)), handshake);
  assert.deepEqual(
    parseExtensionHandshake(toUtf8('d1:md1:ai-1e1:bi256e1:c1:xe13:metadata_sizei-5e1:pi70000e4:reqq1:9e')),
    { extensions: new Map() },
  );
  assert.deepEqual(parseExtensionHandshake(toUtf8('de')), { extensions: new Map() });
});

test('bytes that are no dictionary are refused by name; the negative length that loops forever elsewhere too', () => {
  for (const text of ['', 'le', 'i1e', 'l-3:e', 'd-3:e', 'd1:m']) {
    assert.throws(() => parseExtensionHandshake(toUtf8(text)), { name: 'WireError', code: 'bad-extension' });
  }
});

test('metadata messages come back, the piece as the bytes behind the dictionary', () => {
  const piece = toUtf8('d4:name1:xe');
  for (const message of [
    { type: 'request', pieceIndex: 0 },
    { type: 'reject', pieceIndex: 7 },
    { type: 'data', pieceIndex: 2, totalBytes: 34_256, piece },
  ] as const) {
    assert.deepEqual(parseMetadataMessage(encodeMetadataMessage(message)), message);
  }
  assert.equal(parseMetadataMessage(toUtf8('d8:msg_typei9e5:piecei0ee')), undefined);
  for (const text of [
    'd5:piecei0ee',
    'd8:msg_typei0ee',
    'd8:msg_typei0e5:piecei-1ee',
    'd8:msg_typei1e5:piecei0ee',
    'd8:msg_typei1e5:piecei0e10:total_sizei9ee',
  ]) {
    assert.throws(() => parseMetadataMessage(toUtf8(text)), { code: 'bad-metadata-message' });
  }
});

test('any payload is read or refused by a WireError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (payload) => {
      for (const parse of [parseExtensionHandshake, parseMetadataMessage]) {
        try {
          parse(payload);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }
    }),
    { numRuns: 1000 },
  );
});
