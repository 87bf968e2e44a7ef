import { CodedError } from '../bytes/index.ts';

/** A key, envelope or statement that was refused; the message says which part and why. */
export class StatementError extends CodedError<
  | 'bad-envelope'
  | 'bad-statement'
  | 'bad-package-url'
  | 'bad-prefix'
  | 'bad-key'
  | 'key-file-exists'
  | 'key-file-open-to-others'
  | 'too-large'
  | 'mismatch'
  | 'busy'
  | 'closed'
> {}
