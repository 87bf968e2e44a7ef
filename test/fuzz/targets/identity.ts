// Messages by which a seeder proves its builder's key: bounded, and what is read can be written.
import { isDeepStrictEqual } from 'node:util';
import { encodeIdentityMessage, parseIdentityMessage, WireError } from '../../../src/wire/index.ts';
import { accepted, readAndOverwrite } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  const message = accepted(WireError, () => readAndOverwrite(bytes, parseIdentityMessage));
  if (message === undefined || message.type === 'other-version') return;
  if (bytes.length > 512) throw new Error('a message without bound');
  const again = parseIdentityMessage(encodeIdentityMessage(message));
  if (!isDeepStrictEqual(again, message)) throw new Error(`a ${message.type} changed`);
}
