// Envelopes and statements: what is read is bounded, says the same when it is written again, and is signed or not.
import { isDeepStrictEqual } from 'node:util';
import { toBase64, toHex } from '../../../src/bytes/index.ts';
import {
  encodeStatement,
  type OpenedEnvelope,
  openEnvelope,
  StatementError,
  sha256,
  verifyEnvelope,
} from '../../../src/statement/index.ts';
import { accepted, mustEqual } from '../support.ts';

const KEY = 'ab'.repeat(32);

/** The input is an envelope; and the payload of one, which a search would hardly ever get through base64. */
export function fuzz(bytes: Uint8Array): void {
  check(bytes);
  const signatures = [{ keyid: KEY, sig: toBase64(new Uint8Array(64)) }];
  const payload = toBase64(bytes);
  check(Buffer.from(JSON.stringify({ payloadType: 'application/vnd.in-toto+json', payload, signatures })));
}

function check(bytes: Uint8Array): void {
  const opened = accepted(StatementError, () => openEnvelope(bytes));
  if (opened === undefined) return;
  const { payload, payloadDigest, signatures, statement } = opened;
  if (bytes.length > 4096 || signatures.length > 16) throw new Error('beyond the limits');
  if (payloadDigest !== toHex(sha256(payload))) throw new Error('another digest');
  const good = verifyEnvelope(opened);
  if (good.some((key) => !signatures.some((signature) => signature.key === key)))
    throw new Error('a stranger');
  const again = reread(opened);
  if (again === undefined || isDeepStrictEqual(again.statement, statement)) return;
  throw new Error(`${JSON.stringify(again.statement)} was ${JSON.stringify(statement)}`);
}

/** What its statement reads as when it was written again; nothing when that no longer fits an entry. */
function reread({ statement }: OpenedEnvelope): OpenedEnvelope | undefined {
  const payload = encodeStatement(statement);
  const signatures = [{ keyid: KEY, sig: toBase64(new Uint8Array(64)) }];
  const text = JSON.stringify({
    payloadType: 'application/vnd.in-toto+json',
    payload: toBase64(payload),
    signatures,
  });
  if (text.length > 4096) return undefined;
  const again = openEnvelope(Buffer.from(text));
  mustEqual(again.payload, payload, 'payload');
  return again;
}
