import type { TallyClient } from './tally-client.ts';

/** Where a log is read from: a tally, or a copy of its files. */
export type LogSource = Pick<TallyClient, 'checkpoint' | 'entryBundle'>;
