import {
  type CosignatureVerify,
  cosignatureVerifier,
  type NoteVerifier,
  noteVerifier,
} from '../note/index.ts';
import { verifyEd25519, verifyMlDsa44 } from '../statement/index.ts';
import { WitnessError } from './errors.ts';
import type { KnownLogs } from './witness.ts';

/** Both algorithms as Node has them. */
export const VERIFY: CosignatureVerify = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };

/**
 * The logs that are cosigned, from their verifier keys (type 0x01 Ed25519, 0x06 ML-DSA-44); a log with several keys has
 * them under one name. Throws `bad-config`.
 */
export function knownLogs(vkeys: readonly string[]): KnownLogs {
  if (vkeys.length === 0)
    throw new WitnessError('bad-config', 'a witness of no log has nothing to do: name one');
  const logs = new Map<string, NoteVerifier[]>();
  for (const vkey of new Set(vkeys)) {
    const verifier = logVerifier(vkey);
    const others = logs.get(verifier.name) ?? [];
    logs.set(verifier.name, [...others, verifier]);
  }
  return logs;
}

/** A verifier of a log's own signatures. Throws `bad-vkey`. */
export function logVerifier(vkey: string): NoteVerifier {
  const isPlain = /^[^+]+\+[0-9a-f]{8}\+A/u.test(vkey); // the base64 of a type below 0x04
  return isPlain ? noteVerifier(vkey, VERIFY.ed25519) : cosignatureVerifier(vkey, VERIFY);
}
