import { readIfThere } from '../files/index.ts';
import { ClientError } from './errors.ts';
import { keepFile, logFile } from './log-file.ts';

/** The newest `state` entry of one log that this user has seen: an older one later is held back. */
export class SeenState {
  readonly path: string;

  constructor(folder: string, vkey: string) {
    this.path = logFile(folder, vkey, 'state');
  }

  /** Its index; -1 before the first. Throws `bad-state`. */
  async read(): Promise<number> {
    const bytes = await readIfThere(this.path);
    if (bytes === undefined) return -1;
    const text = Buffer.from(bytes).toString('latin1');
    if (/^\d{1,15}\n$/.test(text)) return Number(text);
    throw new ClientError(
      'bad-state',
      `${this.path}, the last state seen of this log, is damaged: remove it`,
    );
  }

  /** Takes note of a state's index. Throws `stale` when a newer one was seen. */
  async see(index: number): Promise<void> {
    const seen = await this.read();
    if (index < seen) {
      throw new ClientError(
        'stale',
        `the tally shows the state of entry ${index}, and that of entry ${seen} was seen before: it is behind, or holds ` +
          'back what came since. Ask again, or ask another tally',
      );
    }
    if (index > seen) await keepFile(this.path, `${index}\n`);
  }
}
