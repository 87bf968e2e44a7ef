import { join } from 'node:path';

/** Where each part of a tally lies in its data folder. */
export interface DataPaths {
  /** The log's private key, 0600. */
  readonly key: string;
  readonly database: string;
  /** The last signed head; keep it out of backups, so that an old one is noticed. */
  readonly head: string;
  /** Monitors' signatures of states. */
  readonly states: string;
}

export function dataPaths(folder: string): DataPaths {
  return {
    key: join(folder, 'log.key'),
    database: join(folder, 'log.sqlite'),
    head: join(folder, 'head', 'checkpoint'),
    states: join(folder, 'states'),
  };
}
