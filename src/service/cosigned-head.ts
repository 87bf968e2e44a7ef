import { concatBytes, fromHex, toBase64, toHex } from '../bytes/index.ts';
import type { SignedHead } from '../log/index.ts';
import { parseNote } from '../note/index.ts';
import type { CosignedHead } from '../tally/index.ts';

/** Timestamp and Ed25519 signature of a cosignature (C2SP tlog-cosignature). */
const COSIGNATURE_BYTES = 8 + 64;

/** A published checkpoint as the seed of a lot wants it: what of its signatures may be cosignatures by Ed25519. */
export function cosignedHead({ size, root, note }: SignedHead): CosignedHead {
  const cosignatures = parseNote(note)
    .signatures.filter(({ signature }) => signature.length === COSIGNATURE_BYTES)
    .map(({ keyId, signature }) => toBase64(concatBytes(fromHex(keyId), signature)));
  return { size, root: toHex(root), cosignatures };
}
