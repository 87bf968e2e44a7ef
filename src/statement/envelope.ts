import { fromBase64, fromHex, issueWords, TextFormError, toBase64, toHex, toUtf8 } from '../bytes/index.ts';
import { type EnvelopeForm, envelopeSchema, hasEnvelopeForm, PAYLOAD_TYPE } from './envelope-form.ts';
import { StatementError } from './errors.ts';
import { JsonError, parseJson } from './json.ts';
import { ENVELOPE_LIMITS, type EnvelopeLimits } from './limits.ts';
import { type Statement, statementFromJson } from './statement.ts';

/** A signature of an envelope, its bytes not yet verified. */
export interface EnvelopeSignature {
  /** The signer's Ed25519 public key, 64 lower-case hex digits. */
  readonly key: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** An envelope that was read: its form is right, its signatures are not yet verified. */
export interface OpenedEnvelope {
  /** The signed bytes as received. */
  readonly payload: Uint8Array;
  /** SHA-256 of `payload` in hex: for a release, its digest. */
  readonly payloadDigest: string;
  readonly statement: Statement;
  readonly signatures: readonly EnvelopeSignature[];
}

/** SHA-256, handed in: `node:crypto` in Node, `@noble/hashes` in a browser. */
export type Sha256Function = (bytes: Uint8Array) => Uint8Array;

/** Verifies Ed25519 by the one rule (see `verifyEd25519`): 32-byte key, message, 64-byte signature. */
export type VerifyFunction = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const SIGNATURE_BYTES = 64;
const SPACE = 0x20;
/** Made once: nearly all that is verified has this one. */
const OUR_HEAD = preAuthenticationHead(PAYLOAD_TYPE);

/**
 * What a DSSE signature covers (DSSE v1, "Pre-Authentication Encoding"):
 * `"DSSEv1 " ‖ len(type) ‖ " " ‖ type ‖ " " ‖ len(payload) ‖ " " ‖ payload`, lengths in decimal.
 */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = payloadType === PAYLOAD_TYPE ? OUR_HEAD : preAuthenticationHead(payloadType);
  const length = String(payload.length);
  const start = head.length + length.length + 1;
  const encoded = new Uint8Array(start + payload.length);
  encoded.set(head);
  for (let at = 0; at < length.length; at += 1) encoded[head.length + at] = length.charCodeAt(at);
  encoded[start - 1] = SPACE;
  encoded.set(payload, start);
  return encoded;
}

/**
 * Reads a DSSE envelope around one of our statements:
 *
 * ```json
 * {"payloadType":"application/vnd.in-toto+json","payload":"eyJf…","signatures":[{"keyid":"5f…","sig":"q0…"}]}
 * ```
 *
 * Refused: more than 4096 bytes (`too-large`); unknown or repeated keys, base64 that is not canonical, two
 * signatures by one key (`bad-envelope`); what is no statement (`bad-statement`). Nothing is verified yet.
 */
export function parseEnvelope(
  bytes: Uint8Array,
  sha256: Sha256Function,
  limits: EnvelopeLimits = ENVELOPE_LIMITS,
): OpenedEnvelope {
  if (bytes.length > limits.envelopeBytes) {
    throw new StatementError(
      'too-large',
      `an envelope of ${bytes.length} bytes exceeds ${limits.envelopeBytes}`,
    );
  }
  const envelope = checkForm(readJson(bytes, 'bad-envelope', 'envelope'));
  if (envelope.signatures.length > limits.signatures) {
    throw new StatementError('too-large', `more than ${limits.signatures} signatures on an envelope`);
  }
  const signatures = envelope.signatures.map(({ keyid, sig }) => ({
    key: keyid,
    signature: decode(sig, 'sig'),
  }));
  if (signatures.some(({ signature }) => signature.length !== SIGNATURE_BYTES)) {
    throw malformed(`an Ed25519 signature has ${SIGNATURE_BYTES} bytes`);
  }
  if (signatures.length > 1 && new Set(signatures.map(({ key }) => key)).size !== signatures.length) {
    throw malformed('one key signed it twice');
  }
  const payload = decode(envelope.payload, 'payload');
  return {
    payload,
    payloadDigest: toHex(sha256(payload)),
    statement: statementFromJson(readJson(payload, 'bad-statement', 'payload')),
    signatures,
  };
}

/** The bytes of an envelope; what {@link parseEnvelope} reads. Throws `too-large`. */
export function formatEnvelope(
  payload: Uint8Array,
  signatures: readonly EnvelopeSignature[],
): Uint8Array<ArrayBuffer> {
  const bytes = toUtf8(
    JSON.stringify({
      payloadType: PAYLOAD_TYPE,
      payload: toBase64(payload),
      signatures: signatures.map(({ key, signature }) => ({ keyid: key, sig: toBase64(signature) })),
    }),
  );
  if (bytes.length > ENVELOPE_LIMITS.envelopeBytes) {
    throw new StatementError(
      'too-large',
      `this statement makes an envelope of ${bytes.length} bytes, and a log takes ${ENVELOPE_LIMITS.envelopeBytes}: shorten it`,
    );
  }
  return bytes;
}

/** The keys (hex) whose signatures on an envelope are good, in the envelope's order. */
export function verifyEnvelopeWith(opened: OpenedEnvelope, verify: VerifyFunction): string[] {
  const message = preAuthenticationEncoding(PAYLOAD_TYPE, opened.payload);
  return opened.signatures
    .filter(({ key, signature }) => verify(fromHex(key), message, signature))
    .map(({ key }) => key);
}

/** What of {@link preAuthenticationEncoding} stands before the payload's length. */
export function preAuthenticationHead(payloadType: string): Uint8Array {
  return toUtf8(`DSSEv1 ${toUtf8(payloadType).length} ${payloadType} `);
}

function checkForm(json: unknown): EnvelopeForm {
  if (hasEnvelopeForm(json)) return json;
  const parsed = envelopeSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw malformed(issueWords(parsed.error.issues));
}

function readJson(bytes: Uint8Array, code: 'bad-envelope' | 'bad-statement', what: string): unknown {
  try {
    return parseJson(bytes);
  } catch (cause) {
    if (cause instanceof JsonError) {
      throw new StatementError(code, `the ${what} is refused: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function decode(text: string, field: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    if (cause instanceof TextFormError) throw malformed(`${field} is not canonical base64`, cause);
    throw cause;
  }
}

function malformed(why: string, cause?: unknown): StatementError {
  return new StatementError('bad-envelope', `the envelope is refused: ${why}`, { cause });
}
