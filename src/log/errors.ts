import { CodedError } from '../bytes/index.ts';

/**
 * What a log refuses, or finds wrong in itself.
 *
 * An append that may be sent again: `busy` (too many wait; nothing was taken in), `storage` (the medium failed;
 * whether the entry was kept is unknown, and when it was, sending it again is answered with its index). One
 * that may not: `empty-entry`, `too-large`, `closed`.
 *
 * A log that must not go on: `head-missing`, `bad-head`, `other-log`, `older-tree`, `forked-tree`,
 * `broken-tree`.
 *
 * Bytes of a log that are not what they should be: `bad-leaf`, `bad-bundle`, `time-decreases`,
 * `root-mismatch`; of a release's proof: `bad-proof`.
 */
export type LogErrorCode =
  | 'busy'
  | 'storage'
  | 'empty-entry'
  | 'too-large'
  | 'closed'
  | 'head-missing'
  | 'bad-head'
  | 'other-log'
  | 'older-tree'
  | 'forked-tree'
  | 'broken-tree'
  | 'bad-leaf'
  | 'bad-bundle'
  | 'time-decreases'
  | 'root-mismatch'
  | 'bad-proof';

export class LogError extends CodedError<LogErrorCode> {}
