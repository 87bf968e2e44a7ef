import { CodedError } from '../bytes/index.ts';

/** What a process says when it ends; `docs/` and `--help` list the same table. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noWinner: 3,
  mismatch: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Wrong use of the command line: the message says what to write instead. Ends with exit code 2. */
export class UsageError extends CodedError<'usage'> {
  constructor(message: string) {
    super('usage', message);
  }
}
