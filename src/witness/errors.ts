import { CodedError } from '../bytes/index.ts';

/**
 * Why a witness does not cosign, does not start, or is not believed.
 *
 * Answers of C2SP tlog-witness: `bad-request`, `unknown-log`, `bad-signature`, `conflict`, `inconsistent`. Of the door:
 * `not-found`, `wrong-method`, `wrong-encoding`, `too-large`, `too-many-requests`. At the start: `bad-key`,
 * `bad-config`, `in-use`, `bad-state`, `bad-address`. Of a log that asks: `unreachable`, `refused`,
 * `bad-answer`, `no-quorum`.
 */
export type WitnessErrorCode =
  | 'bad-request'
  | 'unknown-log'
  | 'bad-signature'
  | 'conflict'
  | 'inconsistent'
  | 'not-found'
  | 'wrong-method'
  | 'wrong-encoding'
  | 'too-large'
  | 'too-many-requests'
  | 'bad-key'
  | 'bad-config'
  | 'in-use'
  | 'bad-state'
  | 'bad-address'
  | 'unreachable'
  | 'refused'
  | 'bad-answer'
  | 'no-quorum';

export class WitnessError extends CodedError<WitnessErrorCode> {}

/** Another size than the client's old one was cosigned last: the answer carries it. */
export class ConflictError extends WitnessError {
  readonly size: number;

  constructor(size: number) {
    super('conflict', `the checkpoint cosigned last has ${size} entries`);
    this.size = size;
  }
}
