import { ClientError, RefusedError } from '../client/index.ts';
import type { ReleaseView } from '../tally/index.ts';
import type { BuilderEvent } from './builder-event.ts';

/** What every event about a release says of it. */
export function about({ digest, package: packageUrl }: ReleaseView) {
  return { release: digest, package: packageUrl };
}

/** The event of an error after which the builder tries again. */
export function troubleOf(error: unknown, release?: string): BuilderEvent {
  const reason = error instanceof Error ? error.message : String(error);
  return { event: 'trouble', reason, ...(release !== undefined && { release }) };
}

/** Whether an error may pass by itself: the tally is away, or too busy. */
export function isPassing(error: unknown): boolean {
  if (error instanceof RefusedError) return error.status === 429 || error.status >= 500;
  return error instanceof ClientError && error.code === 'unreachable';
}
