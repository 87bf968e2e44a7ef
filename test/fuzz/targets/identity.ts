// Messages by which a seeder proves its builder's key: bounded, and what is read can be written.
import { isDeepStrictEqual } from 'node:util';
import { encodeIdentityMessage, parseIdentityMessage, WireError } from '../../../src/wire/index.ts';
import { accepted } from '../support.ts';

export function fuzz(bytes: Uint8Array): void {
  const message = accepted(WireError, () => parseIdentityMessage(bytes));
  if (message === undefined || message.type === 'other-version') return;
  if (bytes.length > 512) throw new Error('a message without bound');
  const again = parseIdentityMessage(encodeIdentityMessage(message));
  if (!isDeepStrictEqual(again, plain(message))) throw new Error(`a ${message.type} changed`);
}

/** The same value, with byte strings that are no views of another kind. */
function plain(message: object): object {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]: [string, unknown]) => [
      key,
      value instanceof Uint8Array ? Uint8Array.from(value) : value,
    ]),
  );
}
