import { type BencodeLimits, type BencodeNode, decode } from '../bencode/index.ts';
import { CodedError, copyBytes } from '../bytes/index.ts';
import { WireError } from './error.ts';
import type { DhtAnswer, DhtContact, DhtQuestion, KrpcMessage } from './krpc.ts';
import { type PeerAddress, parseCompactPeers } from './peer-address.ts';

export interface KrpcLimits {
  readonly bencode: BencodeLimits;
  readonly nodes: number;
  readonly peers: number;
  readonly tokenBytes: number;
}

const MESSAGE_BENCODE: BencodeLimits = {
  bytes: 2048,
  depth: 6,
  tokens: 600,
  integerDigits: 19,
  sortedKeys: false,
};
export const KRPC_LIMITS: KrpcLimits = { bencode: MESSAGE_BENCODE, nodes: 32, peers: 128, tokenBytes: 64 };

const ID_BYTES = 20;
const CONTACT_BYTES = 26;
const MAXIMUM_TRANSACTION = 16;
const MAXIMUM_TEXT = 200;
const lenientUtf8 = new TextDecoder();

/**
 * Reads a packet: every value that is used has the kind and the length that BEP 5 gives it, whatever else stands beside
 * is passed over. What the value keeps is copied out of `bytes`. Throws `bad-krpc`.
 */
export function parseKrpc(bytes: Uint8Array, limits: KrpcLimits = KRPC_LIMITS): KrpcMessage {
  try {
    return readMessage(decode(bytes, limits.bencode), limits);
  } catch (cause) {
    if (cause instanceof WireError || !(cause instanceof CodedError)) throw cause;
    throw bad(cause.message);
  }
}

function readMessage(root: BencodeNode, limits: KrpcLimits): KrpcMessage {
  const transactionId = bytesAt(root, 't', 1, MAXIMUM_TRANSACTION);
  const type = textAt(root, 'y');
  if (type === 'e') {
    const [code, message] = root.get('e')?.kind === 'list' ? [...(root.get('e') as BencodeNode).items()] : [];
    return {
      transactionId,
      type: 'error',
      code: code?.kind === 'integer' ? code.integer() : 0,
      message: message?.kind === 'bytes' ? lenientUtf8.decode(message.bytes().subarray(0, MAXIMUM_TEXT)) : '',
    };
  }
  if (type === 'q') {
    const parameters = dictionaryAt(root, 'a');
    const readOnly = root.get('ro');
    return {
      transactionId,
      type: 'query',
      id: idAt(parameters, 'id'),
      readOnly: readOnly?.kind === 'integer' && readOnly.integer() === 1,
      question: readQuestion(textAt(root, 'q'), parameters, limits),
    };
  }
  if (type !== 'r') throw bad(`type ${JSON.stringify(type)}`);
  const values = dictionaryAt(root, 'r');
  const seenAs = addressAt(root, 'ip');
  return {
    transactionId,
    type: 'response',
    id: idAt(values, 'id'),
    ...(seenAs && { seenAs }),
    answer: readAnswer(values, limits),
  };
}

function readQuestion(method: string, parameters: BencodeNode, limits: KrpcLimits): DhtQuestion {
  switch (method) {
    case 'ping':
      return { method };
    case 'find_node':
      return { method, target: idAt(parameters, 'target') };
    case 'get_peers':
      return { method, infoHash: idAt(parameters, 'info_hash') };
    case 'announce_peer': {
      const impliedPort = naturalAt(parameters, 'implied_port') === 1;
      const port = naturalAt(parameters, 'port') ?? 0;
      if (!impliedPort && (port < 1 || port > 65_535)) throw bad(`port ${port}`);
      const token = bytesAt(parameters, 'token', 1, limits.tokenBytes);
      return { method, infoHash: idAt(parameters, 'info_hash'), port, impliedPort, token };
    }
    default:
      throw bad(`method ${JSON.stringify(method)}`);
  }
}

function readAnswer(values: BencodeNode, limits: KrpcLimits): DhtAnswer {
  const nodes = values.get('nodes');
  const list = values.get('values');
  const token = values.get('token') && bytesAt(values, 'token', 1, limits.tokenBytes);
  return {
    nodes: nodes ? readContacts(bytesAt(values, 'nodes', 0, limits.nodes * CONTACT_BYTES)) : [],
    peers: list ? readPeers(list, limits.peers) : [],
    ...(token && { token }),
  };
}

function readContacts(bytes: Uint8Array): DhtContact[] {
  if (bytes.length % CONTACT_BYTES !== 0) throw bad(`${bytes.length} bytes of nodes`);
  const contacts: DhtContact[] = [];
  for (let at = 0; at < bytes.length; at += CONTACT_BYTES) {
    const [address] = parseCompactPeers(bytes.subarray(at + ID_BYTES, at + CONTACT_BYTES), 4);
    if (address) contacts.push({ ...address, id: copyBytes(bytes, at, at + ID_BYTES) });
  }
  return contacts;
}

function readPeers(list: BencodeNode, limit: number): PeerAddress[] {
  const peers: PeerAddress[] = [];
  for (const item of list.items()) {
    if (peers.length === limit) break;
    const packed = item.bytes();
    if (packed.length === 6) peers.push(...parseCompactPeers(packed, 4));
    else if (packed.length !== 18) throw bad(`a peer of ${packed.length} bytes`); // 18: IPv6 (BEP 32), passed over
  }
  return peers;
}

function dictionaryAt(node: BencodeNode, key: string): BencodeNode {
  const value = node.get(key);
  if (value?.kind !== 'dictionary') throw bad(`no dictionary ${key}`);
  return value;
}

function bytesAt(node: BencodeNode, key: string, least: number, most: number): Uint8Array {
  const value = node.get(key);
  if (value?.kind !== 'bytes') throw bad(`no string ${key}`);
  const bytes = value.bytes();
  if (bytes.length < least || bytes.length > most) throw bad(`a ${key} of ${bytes.length} bytes`);
  return copyBytes(bytes);
}

function idAt(node: BencodeNode, key: string): Uint8Array {
  return bytesAt(node, key, ID_BYTES, ID_BYTES);
}

function textAt(node: BencodeNode, key: string): string {
  return String.fromCharCode(...bytesAt(node, key, 1, 20));
}

function naturalAt(node: BencodeNode, key: string): number | undefined {
  const value = node.get(key);
  if (value === undefined) return undefined;
  const number = value.integer();
  if (number < 0) throw bad(`${key} ${number}`);
  return number;
}

/** Where we are seen; anything but a packed IPv4 address is passed over. */
function addressAt(node: BencodeNode, key: string): PeerAddress | undefined {
  const value = node.get(key);
  return value?.kind === 'bytes' && value.bytes().length === 6
    ? parseCompactPeers(value.bytes(), 4)[0]
    : undefined;
}

function bad(what: string): WireError {
  return new WireError('bad-krpc', `a DHT packet with ${what}`);
}
