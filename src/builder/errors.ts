import { CodedError } from '../bytes/index.ts';

/** What can go wrong in a rebuild or in the life of a builder; `mismatch` ends a command with exit code 4. */
export type BuilderErrorCode =
  | 'bad-recipe'
  | 'no-npm'
  | 'fetch-failed'
  | 'mismatch'
  | 'unsafe-archive'
  | 'not-trusted'
  | 'unfit-host'
  | 'step-failed'
  | 'limit'
  | 'bad-output'
  | 'bad-state'
  | 'refused';

/** An error of the builder: the message names the recipe's part, the source or the step, and what to do. */
export class BuilderError extends CodedError<BuilderErrorCode> {}
