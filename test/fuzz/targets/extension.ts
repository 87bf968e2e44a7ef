// Extension messages (BEP 10) and the info dictionary's (BEP 9): bounded, and what is read can be written.
import { isDeepStrictEqual } from 'node:util';
import { toUtf8 } from '../../../src/bytes/index.ts';
import {
  encodeExtensionHandshake,
  encodeMetadataMessage,
  parseExtensionHandshake,
  parseMetadataMessage,
  WireError,
} from '../../../src/wire/index.ts';
import { accepted } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  readHandshake(bytes);
  const message = accepted(WireError, () => parseMetadataMessage(bytes));
  if (!message) return;
  if (message.type === 'data' && message.piece.length > 16_384) throw new Error('a piece without bound');
  const again = parseMetadataMessage(encodeMetadataMessage(message));
  if (!isDeepStrictEqual(plain(again), plain(message))) throw new Error('a metadata message changed');
}

function readHandshake(bytes: Uint8Array): void {
  const handshake = accepted(WireError, () => parseExtensionHandshake(bytes));
  if (!handshake) return;
  const { extensions, client = '', requestQueue = 0, listenPort = 0, metadataBytes = 0 } = handshake;
  if (extensions.size > 64 || client.length > 128) throw new Error('a handshake without bound');
  if (requestQueue < 0 || metadataBytes < 0 || listenPort < 0 || listenPort > 65_535)
    throw new Error('number');
  const again = parseExtensionHandshake(encodeExtensionHandshake(handshake));
  // Names beyond ASCII and texts that were cut have no way back; all else does.
  if (toUtf8(client).length > 128) return;
  if (![...extensions.keys()].every((name) => toUtf8(name).length === name.length)) return;
  if (!isDeepStrictEqual(again, handshake)) {
    throw new Error('an extension handshake changed');
  }
}

function plain(message: ReturnType<typeof parseMetadataMessage>) {
  return message?.type === 'data' ? { ...message, piece: Uint8Array.from(message.piece) } : message;
}
