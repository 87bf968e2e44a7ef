import { printable } from '../../bytes/index.ts';
import { ClientError } from '../errors.ts';

/** A proof that contradicts itself. */
export function wrong(why: string): ClientError {
  return new ClientError(
    'mismatch',
    `the proof of this release does not hold: ${printable(why)}. Do not trust this tally; tell its operator`,
  );
}
