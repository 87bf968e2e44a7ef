import type { Tally } from '../tally/index.ts';
import { builderView } from '../tally/index.ts';
import type { BallotBox } from './ballot-box.ts';
import type { BuilderEvent } from './builder-event.ts';
import type { BuildRecord } from './record.ts';

/**
 * A builder's own commitments that were not opened in time and may still be, as warnings: each is told once. Whether the
 * records of this data folder open it is said beside.
 */
export class UnopenedWarnings {
  readonly #told = new Set<number>();

  /** Those that were not told yet. */
  next(tally: Tally, box: BallotBox, records: ReadonlyMap<string, BuildRecord>): BuilderEvent[] {
    const unopened = builderView(tally, box.identity)?.unopened ?? [];
    const fresh = unopened.filter(({ index }) => !this.#told.has(index));
    return fresh.map(({ release, package: packageUrl, index, dueMs }): BuilderEvent => {
      this.#told.add(index);
      const record = records.get(release);
      const opens = record?.kind === 'made' && box.own(tally, release).commitment === box.commitment(record);
      return { event: 'unopened', release, package: packageUrl, index, dueMs, opens };
    });
  }
}
