// The DHT's packets (BEP 5): bounded, and what is read can be written.
import { isDeepStrictEqual } from 'node:util';
import {
  encodeKrpc,
  isNodeIdFor,
  type KrpcMessage,
  nodeIdFor,
  parseKrpc,
  WireError,
} from '../../../src/wire/index.ts';
import { accepted, readAndOverwrite } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  const message = accepted(WireError, () => readAndOverwrite(bytes, (each) => parseKrpc(each)));
  if (!message) return;
  mustBeBounded(message);
  // What was no UTF-8 has become longer where it is written again.
  const isWritable = message.type !== 'error' || Buffer.byteLength(message.message) <= 200;
  const again = isWritable ? parseKrpc(encodeKrpc(message)) : message;
  if (!isDeepStrictEqual(again, message)) throw new Error(`a ${message.type} changed`);
}

function mustBeBounded(message: KrpcMessage): void {
  if (message.transactionId.length < 1 || message.transactionId.length > 16)
    throw new Error('a transaction id');
  if (message.type === 'error') {
    if (message.message.length > 200) throw new Error('a message without bound');
    return;
  }
  if (message.id.length !== 20) throw new Error('an id of another length');
  if (message.type === 'query') return;
  const { nodes, peers, token } = message.answer;
  if (nodes.length > 32 || peers.length > 128) throw new Error('too many');
  if (token !== undefined && token.length > 64) throw new Error('a token without bound');
  for (const { host, port, id } of nodes) {
    if (id.length !== 20 || port < 1) throw new Error('a node that is none');
    if (!isNodeIdFor(host, nodeIdFor(host, id))) throw new Error(`no node id fits ${host}`);
  }
}
