import { readFile } from 'node:fs/promises';
import { ClientError } from './errors.ts';
import { logFile, writeDurably } from './log-file.ts';

/** The newest `state` entry of one log that this user has seen: an older one later is held back. */
export class SeenState {
  readonly path: string;

  constructor(folder: string, vkey: string) {
    this.path = logFile(folder, vkey, 'state');
  }

  /** Its index; -1 before the first. Throws `bad-state`. */
  async read(): Promise<number> {
    try {
      const text = await readFile(this.path, 'utf8');
      if (/^\d{1,15}\n$/.test(text)) return Number(text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return -1;
      throw error;
    }
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
    if (index > seen) await writeDurably(this.path, Buffer.from(`${index}\n`));
  }
}
