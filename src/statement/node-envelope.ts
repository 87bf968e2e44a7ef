import { hash } from 'node:crypto';
import { verifyEd25519 } from './ed25519.ts';
import {
  formatEnvelope,
  type OpenedEnvelope,
  parseEnvelope,
  preAuthenticationEncoding,
  type VerifyFunction,
  verifyEnvelopeWith,
} from './envelope.ts';
import { PAYLOAD_TYPE } from './envelope-form.ts';
import { ENVELOPE_LIMITS, type EnvelopeLimits } from './limits.ts';
import type { Signer } from './signer.ts';
import { encodeStatement, type Statement } from './statement.ts';

/** SHA-256 by `node:crypto`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // By way of a text: half the time of asking for a buffer, whose memory Node allocates and frees beside the heap.
  const text = hash('sha256', bytes, 'binary');
  const digest = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) digest[at] = text.charCodeAt(at);
  return digest;
}

/** `parseEnvelope` with Node's SHA-256. */
export function openEnvelope(bytes: Uint8Array, limits: EnvelopeLimits = ENVELOPE_LIMITS): OpenedEnvelope {
  return parseEnvelope(bytes, sha256, limits);
}

/** The keys (hex) whose signatures on an envelope are good, by {@link verifyEd25519} unless told otherwise. */
export function verifyEnvelope(opened: OpenedEnvelope, verify: VerifyFunction = verifyEd25519): string[] {
  return verifyEnvelopeWith(opened, verify);
}

/** Signs a statement by one or more keys; the envelope's bytes, ready for a log. Throws `too-large`. */
export function signStatement(statement: Statement, signers: readonly Signer[]): Uint8Array<ArrayBuffer> {
  const payload = encodeStatement(statement);
  const message = preAuthenticationEncoding(PAYLOAD_TYPE, payload);
  return formatEnvelope(
    payload,
    signers.map((signer) => ({ key: signer.key, signature: signer.sign(message) })),
  );
}
