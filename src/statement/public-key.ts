import { toHex } from '../bytes/index.ts';
import { NoteError, parseVkey } from '../note/index.ts';

/** The public key (64 hex digits) that a vkey shows; nothing when it is no Ed25519 vkey. */
export function publicKeyOf(vkey: string): string | undefined {
  try {
    return toHex(parseVkey(vkey).publicKey);
  } catch (error) {
    if (error instanceof NoteError) return undefined;
    throw error;
  }
}
