import { CodedError } from '../bytes/index.ts';

/**
 * What a store refuses or could not do:
 * - `in-use`: another process has this store open;
 * - `newer-schema`: it was written by a newer release; `foreign-file`: by another program;
 * - `conflict`: entries that do not continue the log, a repeated statement, an older checkpoint;
 * - `too-large`: beyond a limit of {@link STORE_LIMITS}; `bad-blob`: bytes that are not what their name says;
 * - `full`: no space left, nothing was written;
 * - `failed`: the medium failed; **whether the write persisted is unknown** until the store is asked again;
 * - `closed`: it was closed, or ended after a failure: open it anew.
 */
export type StoreErrorCode =
  | 'in-use'
  | 'newer-schema'
  | 'foreign-file'
  | 'conflict'
  | 'too-large'
  | 'bad-blob'
  | 'full'
  | 'failed'
  | 'closed';

export class StoreError extends CodedError<StoreErrorCode> {}
