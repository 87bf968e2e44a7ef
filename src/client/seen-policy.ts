import * as z from 'zod';
import { fromUtf8 } from '../bytes/index.ts';
import { readIfThere } from '../files/index.ts';
import type { Tally } from '../tally/index.ts';
import { ClientError } from './errors.ts';
import { keepFile, logFile } from './log-file.ts';

const kept = z.strictObject({
  index: z.int().min(0),
  monitors: z.strictObject({ keys: z.array(z.string()).max(64), quorum: z.int().min(0) }),
});

/** A policy as far as it is kept: its entry, and who signs the states under it. */
export type KeptPolicy = z.output<typeof kept>;

/**
 * The newest policy of one log that this user has seen. A proof cannot show that the founders' keys behind a newer one
 * were not revoked before: the monitors that were known until then, or a count of the whole log, have to say so.
 */
export class SeenPolicy {
  readonly path: string;

  constructor(folder: string, vkey: string) {
    this.path = logFile(folder, vkey, 'policy');
  }

  /** Undefined before the first. Throws `bad-state`. */
  async read(): Promise<KeptPolicy | undefined> {
    const bytes = await readIfThere(this.path);
    if (bytes === undefined) return undefined;
    try {
      return kept.parse(JSON.parse(fromUtf8(bytes)));
    } catch (cause) {
      throw new ClientError(
        'bad-state',
        `${this.path}, the last policy seen of this log, is damaged: remove it`,
        {
          cause,
        },
      );
    }
  }

  /** Takes note of the policy of a count that is believed. */
  async see({ policy }: Tally): Promise<void> {
    if (policy === undefined) return;
    const { keys, quorum } = policy.rules.monitors;
    const seen = await this.read();
    if (seen !== undefined && seen.index >= policy.index) return;
    const value: KeptPolicy = { index: policy.index, monitors: { keys: [...keys], quorum } };
    await keepFile(this.path, `${JSON.stringify(value)}\n`);
  }
}
