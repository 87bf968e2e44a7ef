/** The ground every room stands on: branded byte types, text forms of bytes, and the error with a code. */
export { decodeBase64, fromBase64, toBase64 } from './base64.ts';
export { CodedError, InternalError } from './errors.ts';
export { issueWords } from './issue-words.ts';
export { compareBytes, concatBytes, copyBytes, equalBytes, startsWithBytes } from './operations.ts';
export { printable } from './printable.ts';
export {
  fromBase32,
  fromHex,
  fromUtf8,
  TextFormError,
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
