/** The ground every room stands on: branded byte types, text forms of bytes, and the error with a code. */
export { CodedError, InternalError } from './errors.ts';
export { compareBytes, concatBytes, copyBytes, equalBytes, startsWithBytes } from './operations.ts';
export { printable } from './printable.ts';
export {
  fromBase32,
  fromBase64,
  fromHex,
  fromUtf8,
  TextFormError,
  toBase64,
  toHex,
  toUtf8,
} from './text.ts';
export { DECEIVING, WHITE_SPACE } from './text-classes.ts';
export type {
  Brand,
  InfoHashV1,
  InfoHashV2,
  PeerId,
  PiecesRoot,
  Sha256,
  TruncatedInfoHash,
} from './types.ts';
export { brandBytes, truncateInfoHash } from './types.ts';
