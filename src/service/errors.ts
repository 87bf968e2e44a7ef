import { CodedError } from '../bytes/index.ts';
import type { RefusalCode } from '../tally/index.ts';

/** Why the tally service refuses a request or cannot start; `http/problem.ts` maps the codes to HTTP. */
export type ServiceErrorCode =
  | RefusalCode
  | 'bad-request'
  | 'not-found'
  | 'wrong-host'
  | 'unsupported-media-type'
  | 'body-too-large'
  | 'head-too-large'
  | 'too-slow'
  | 'too-many-requests'
  | 'too-many-readers'
  | 'busy'
  | 'closing'
  | 'bad-signature'
  | 'refused'
  | 'unreferenced-blob'
  | 'blob-mismatch'
  | 'data-exists'
  | 'data-missing'
  | 'bad-address';

export interface ServiceErrorOptions extends ErrorOptions {
  /** For `too-many-requests`: when to come back. */
  readonly retryAfterSeconds?: number;
}

/** A refusal of the tally service; the message says what to do. */
export class ServiceError extends CodedError<ServiceErrorCode> {
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ServiceErrorCode, message: string, options?: ServiceErrorOptions) {
    super(code, message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}
