import { CodedError } from '../bytes/index.ts';

/**
 * Why a client got nothing, or refuses what it got.
 *
 * `no-release-name` and `no-tally-url` (exit code 2): what was asked for can be no release, or no tally's address.
 * `unreachable`, `bad-answer`, `too-large`, `refused` and `not-found` come from talking to a tally. `mismatch`
 * (exit code 4): a signature, a hash, the log's tree, its history or its verdict is not what it must be. `stale`:
 * the log shows no sign of life. `no-winner` (exit code 3): nothing has won; `no-quorum` (exit code 3): too few witnesses or monitors signed. `bad-state`: what this client kept
 * about the log cannot be read.
 */
export type ClientErrorCode =
  | 'no-release-name'
  | 'no-tally-url'
  | 'unreachable'
  | 'bad-answer'
  | 'too-large'
  | 'refused'
  | 'not-found'
  | 'mismatch'
  | 'stale'
  | 'no-winner'
  | 'no-quorum'
  | 'download-failed'
  | 'target-exists'
  | 'bad-state';

export class ClientError extends CodedError<ClientErrorCode> {}

/** A tally's refusal (RFC 9457 problem document): its own `code`, HTTP status and when to come back. */
export class RefusedError extends ClientError {
  readonly status: number;
  /** The problem's `code`, such as `conflict`; empty when the answer was no problem document. */
  readonly problem: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: 'refused' | 'not-found',
    message: string,
    { status, problem, retryAfterSeconds }: { status: number; problem: string; retryAfterSeconds?: number },
  ) {
    super(code, message);
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
