import type { Tally } from '../tally/index.ts';
import type { MadeRecord, RecordStore } from './record.ts';
import type { Seeder } from './seeder.ts';

/** What a builder shows to the world: it begins to seed after close, and stops after a takedown. */
export class Showing {
  readonly #records: RecordStore;
  readonly #seeder: Seeder;
  /** Releases whose artifact was asked to be seeded in this run, once each. */
  readonly #begun = new Set<string>();
  /** Release → its record, while it is seeded. */
  readonly #shown = new Map<string, MadeRecord>();

  constructor(records: RecordStore, seeder: Seeder) {
    this.#records = records;
    this.#seeder = seeder;
  }

  /** Seeds what a record holds; whether that is new. Throws what seeding throws, and is not asked again in this run. */
  async begin(record: MadeRecord): Promise<boolean> {
    const { release } = record;
    if (this.#begun.has(release)) return false;
    this.#begun.add(release);
    await this.#seeder.seed(await this.#records.torrent(release), this.#records.outputFolder(release));
    this.#shown.set(release, record);
    return true;
  }

  /** Stops seeding what was taken down; the records of that. One output of two releases is one swarm: the last one ends it. */
  async endTakenDown(tally: Tally): Promise<MadeRecord[]> {
    const ended = [...this.#shown.values()].filter(
      ({ release }) => tally.releases.get(release)?.ended?.kind === 'taken down',
    );
    for (const { release, infoHashV2 } of ended) {
      this.#shown.delete(release);
      this.#begun.delete(release);
      const isShown = [...this.#shown.values()].some((other) => other.infoHashV2 === infoHashV2);
      if (!isShown) await this.#seeder.stop(infoHashV2);
    }
    return ended;
  }
}
