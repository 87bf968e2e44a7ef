import type { Logger } from 'pino';
import { LogError } from '../log/index.ts';
import { StoreError } from '../store/index.ts';
import { WitnessError } from '../witness/index.ts';

/**
 * Notices what this process cannot recover from: a store that takes no further call, a log that must not go on.
 * Starting anew reads everything from the disk again, so the service ends and leaves that to whoever runs it.
 */
export class Failure {
  /** Resolves with the first error after which the service must end. */
  readonly happened: Promise<unknown>;
  readonly #logger: Logger;
  #happen: (error: unknown) => void = () => {};

  constructor(logger: Logger) {
    this.#logger = logger;
    this.happened = new Promise((resolve) => {
      this.#happen = resolve;
    });
  }

  /** Takes note of an error that nobody else answers for. */
  report(error: unknown): void {
    if (error instanceof WitnessError)
      this.#logger.warn({ reason: error.message }, 'no checkpoint was published');
    else this.#logger.error({ err: error }, 'the log or its store failed');
    this.look(error);
  }

  /** Looks at an error that somebody else answers for, whether it means the end. */
  look(error: unknown): void {
    if (isFinal(error)) this.#happen(error);
  }

  /** Ends the service. */
  fail(error: unknown): void {
    this.#logger.fatal({ err: error }, 'the tally must end');
    this.#happen(error);
  }
}

function isFinal(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === 'failed';
  if (!(error instanceof LogError)) return false;
  switch (error.code) {
    case 'busy':
    case 'empty-entry':
    case 'too-large':
    case 'closed':
      return false;
    case 'storage':
      return isFinal(error.cause);
    default:
      return true;
  }
}
