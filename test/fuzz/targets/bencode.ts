// Bencode: what is accepted has one form only, strictly or not, and the drop-in for npm's package loses nothing.
import dropIn from '../../../src/bencode/drop-in/index.ts';
import {
  BencodeError,
  type BencodeNode,
  decode,
  decodePrefix,
  type Encodable,
  encode,
  MESSAGE_LIMITS,
  TORRENT_LIMITS,
} from '../../../src/bencode/index.ts';
import { accepted, mustEqual } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  const strict = accepted(BencodeError, () => decode(bytes));
  if (strict) mustEqual(encode(valueOf(strict)), bytes, 'the one form of a value');
  const loose = accepted(BencodeError, () => decode(bytes, MESSAGE_LIMITS));
  if (loose) {
    const sorted = encode(valueOf(loose));
    if (sorted.length !== bytes.length) throw new Error('sorting keys changed the length');
    mustEqual(encode(valueOf(decode(sorted))), sorted, 'the sorted form of a value');
  }
  const prefix = accepted(BencodeError, () => decodePrefix(bytes, TORRENT_LIMITS));
  if (prefix) mustEqual(decode(bytes.subarray(0, prefix.end)).raw, prefix.raw, 'a value before others');
  const plain = accepted(BencodeError, () => dropIn.decode(bytes));
  if (plain !== undefined && strict) mustEqual(dropIn.encode(plain), bytes, 'the drop-in');
}

/** A value as it could be written anew: nothing is taken over as bytes but strings. */
function valueOf(node: BencodeNode): Encodable {
  switch (node.kind) {
    case 'integer':
      return BigInt(String.fromCharCode(...node.raw.subarray(1, -1)));
    case 'bytes':
      return node.bytes();
    case 'list':
      return Array.from(node.items(), valueOf);
    case 'dictionary':
      return new Map(Array.from(node.entries(), ([key, value]) => [key, valueOf(value)] as const));
  }
}
