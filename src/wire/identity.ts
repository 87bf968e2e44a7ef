import { type BencodeNode, decode, encode, MESSAGE_LIMITS } from '../bencode/index.ts';
import { WireError } from './error.ts';
import { refuseAs } from './extension.ts';

/** The name under which seeders prove a builder's key (docs/protocol.md, "Identity of a seeder"). */
export const IDENTITY_EXTENSION = 'bq_identity';
/** The one version of its messages. */
export const IDENTITY_VERSION = 1;
/** Longest message, in bytes. */
const MAXIMUM_BYTES = 512;

/** Why a seeder refuses to prove its key. */
export type IdentityRefusal =
  /** It knows another version only. */
  | 'version'
  /** The challenge's signature is not that of its key. */
  | 'signature'
  /** It answers other verifiers only. */
  | 'verifier'
  /** The address in the challenge is not its own: somebody may stand between. */
  | 'address'
  /** It was asked too often. */
  | 'busy';

/** What the verifier asks: to be signed by it over {@link challengeText}. */
export interface IdentityChallenge {
  readonly type: 'challenge';
  /** The verifier's Ed25519 public key: 32 bytes. */
  readonly key: Uint8Array;
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  /** The address that the verifier dialled: 16 bytes, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2). */
  readonly address: Uint8Array;
  readonly port: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** What the seeder answers: its key and its signature over {@link proofText}. */
export interface IdentityProof {
  readonly type: 'proof';
  /** The builder's Ed25519 public key: 32 bytes. */
  readonly key: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** A message of the identity extension. */
export type IdentityMessage =
  | IdentityChallenge
  | IdentityProof
  | { readonly type: 'refusal'; readonly reason: IdentityRefusal | undefined }
  /** A challenge, proof or refusal of a version that this codec does not know. */
  | { readonly type: 'other-version'; readonly version: number };

const TYPES = ['challenge', 'proof', 'refusal'] as const;
const REFUSALS: ReadonlySet<string> = new Set<IdentityRefusal>([
  'version',
  'signature',
  'verifier',
  'address',
  'busy',
]);

/** The payload of an extended message: a bencoded dictionary. */
export function encodeIdentityMessage(
  message: Exclude<IdentityMessage, { readonly type: 'other-version' }>,
): Uint8Array<ArrayBuffer> {
  const head = { msg_type: TYPES.indexOf(message.type), v: IDENTITY_VERSION };
  if (message.type === 'refusal') return encode({ ...head, reason: message.reason });
  const { key, signature: sig } = message;
  if (message.type === 'proof') return encode({ ...head, key, sig });
  const { nonce, address: addr, port } = message;
  return encode({ ...head, addr, key, nonce, port, sig });
}

/**
 * Reads an identity message, or `undefined` for a type that is not known, to be passed over as all keys are that are
 * not known. What is longer than 512 bytes, no dictionary, or lacks a field of its exact length throws
 * `bad-identity-message`. Byte strings are copies.
 */
export function parseIdentityMessage(payload: Uint8Array): IdentityMessage | undefined {
  if (payload.length > MAXIMUM_BYTES) {
    throw bad(`${payload.length} bytes, and ${MAXIMUM_BYTES} are the most`);
  }
  return refuseAs('bad-identity-message', `a ${IDENTITY_EXTENSION} message`, () => {
    const root = decode(payload, MESSAGE_LIMITS);
    const type = TYPES[integer(root, 'msg_type')];
    if (type === undefined) return undefined;
    const version = integer(root, 'v');
    if (version !== IDENTITY_VERSION) return { type: 'other-version', version };
    if (type === 'refusal') return { type, reason: refusalOf(root.get('reason')) };
    const key = fixedBytes(root, 'key', 32);
    const signature = fixedBytes(root, 'sig', 64);
    if (type === 'proof') return { type, key, signature };
    const port = integer(root, 'port');
    if (port < 1 || port > 65_535) throw bad(`port ${port}`);
    const nonce = fixedBytes(root, 'nonce', 32);
    const address = fixedBytes(root, 'addr', 16);
    return { type, key, nonce, address, port, signature };
  });
}

function refusalOf(node: BencodeNode | undefined): IdentityRefusal | undefined {
  const reason = node?.kind === 'bytes' ? String.fromCharCode(...node.bytes()) : '';
  return REFUSALS.has(reason) ? (reason as IdentityRefusal) : undefined;
}

function integer(root: BencodeNode, key: string): number {
  const value = root.get(key)?.integer();
  if (value === undefined || value < 0) throw bad(`${value ?? 'no'} ${key}`);
  return value;
}

function fixedBytes(root: BencodeNode, key: string, length: number): Uint8Array {
  const bytes = root.get(key)?.bytes();
  if (bytes?.length !== length) throw bad(`${bytes?.length ?? 'no'} bytes of ${key}`);
  return Uint8Array.from(bytes);
}

function bad(what: string): WireError {
  return new WireError('bad-identity-message', `a ${IDENTITY_EXTENSION} message has ${what}`);
}
