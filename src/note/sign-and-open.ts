import { toUtf8 } from '../bytes/index.ts';
import { NoteError } from './errors.ts';
import {
  checkText,
  formatNote,
  NOTE_LIMITS,
  type NoteLimits,
  type NoteSignature,
  parseNote,
} from './note.ts';
import { parseVkey } from './vkey.ts';

/** A note with at least one good signature by a known key. */
export interface OpenedNote {
  readonly text: string;
  /** By known keys, verified, one a key. */
  readonly verified: readonly NoteSignature[];
  /** By keys not asked about: kept, worth nothing. */
  readonly unknown: readonly NoteSignature[];
}

/** A key whose signatures are looked for. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: string;
  /** Whether `signature` is this key's over `message` (the text's UTF-8 bytes). */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** A key that signs notes; `Signer` of `src/statement` is one. */
export interface NoteSigner {
  /** Text form of its public key (see `parseVkey`). */
  readonly vkey: string;
  sign(message: Uint8Array): Uint8Array;
}

/** Signs a text (which ends with a newline) and keeps `others`, such as cosignatures, after the new lines. */
export function signNote(
  text: string,
  signers: readonly NoteSigner[],
  others: readonly NoteSignature[] = [],
): Uint8Array<ArrayBuffer> {
  checkText(text);
  const message = toUtf8(text);
  const own = signers.map((signer) => {
    const { name, keyId } = parseVkey(signer.vkey);
    return { name, keyId, signature: signer.sign(message) };
  });
  const kept = others.filter((other) => !own.some((mine) => isSameKey(mine, other)));
  return formatNote({ text, signatures: [...own, ...kept] });
}

/**
 * Reads a note and verifies what known keys signed. A bad signature under a known key refuses the whole note
 * (`bad-signature`), as does the absence of any known key (`unsigned`).
 */
export function openNote(
  bytes: Uint8Array,
  verifiers: readonly NoteVerifier[],
  limits: NoteLimits = NOTE_LIMITS,
): OpenedNote {
  const { text, signatures } = parseNote(bytes, limits);
  const message = toUtf8(text);
  const verified: NoteSignature[] = [];
  const unknown: NoteSignature[] = [];
  for (const signature of signatures) {
    const verifier = verifiers.find((known) => isSameKey(known, signature));
    if (verifier === undefined) {
      unknown.push(signature);
    } else if (!verified.some((earlier) => isSameKey(earlier, signature))) {
      if (!verifier.verify(message, signature.signature)) {
        throw new NoteError('bad-signature', `the signature of ${verifier.name}+${verifier.keyId} is wrong`);
      }
      verified.push(signature);
    }
  }
  if (verified.length === 0) {
    const wanted = verifiers.map(({ name, keyId }) => `${name}+${keyId}`).join(', ') || 'nobody';
    throw new NoteError('unsigned', `no signature on this note is by a known key (known: ${wanted})`);
  }
  return { text, verified, unknown };
}

/**
 * A verifier for a vkey. `verifyEd25519` is handed in, since Node and browser differ: take the one of
 * `src/statement`.
 */
export function noteVerifier(
  vkey: string,
  verifyEd25519: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): NoteVerifier {
  const { name, keyId, publicKey } = parseVkey(vkey);
  return { name, keyId, verify: (message, signature) => verifyEd25519(publicKey, message, signature) };
}

function isSameKey(left: { name: string; keyId: string }, right: { name: string; keyId: string }): boolean {
  return left.name === right.name && left.keyId === right.keyId;
}
