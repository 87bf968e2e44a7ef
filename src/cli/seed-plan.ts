import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { printable } from '../bytes/index.ts';
import {
  createTorrent,
  type Metainfo,
  TorrentError,
  verifyTorrent,
  withPieceLayers,
} from '../torrent/index.ts';
import { hashProgress } from './hash-progress.ts';
import type { Output } from './output.ts';
import { readTorrent } from './torrent-file.ts';
import { problemsText } from './torrent-text.ts';

/** What is seeded, and from where. */
export interface SeedPlan {
  readonly metainfo: Metainfo;
  /** The file or folder with the content, which was hashed just now. */
  readonly path: string;
}

interface PlanOptions {
  /** The `.torrent` file that the user named for this path. */
  readonly torrent: string | undefined;
  readonly profile: 'hybrid' | 'v2';
  readonly output: Output;
  readonly signal: AbortSignal;
}

/**
 * Finds the torrent of a path: the one the user names, else one beside it with `.torrent` after the name, else it is
 * made. A path that is itself a `.torrent` file stands for the content beside it. All of the content is hashed. Throws
 * `mismatch` when it is not the torrent's.
 */
export async function planSeed(path: string, options: PlanOptions): Promise<SeedPlan> {
  if (options.torrent !== undefined) return check(options.torrent, path, options);
  if (path.endsWith('.torrent')) {
    const metainfo = await torrentAt(path, options.output);
    if (metainfo) return check(path, join(dirname(path), metainfo.name), options);
  }
  const beside = `${path.replace(/[/\\]+$/, '')}.torrent`;
  if ((await isFile(beside)) && (await torrentAt(beside, options.output)))
    return check(beside, path, options);
  const line = hashProgress(options.output);
  const { profile, signal } = options;
  const { metainfo } = await createTorrent(path, { profile, signal, onProgress: line.update }).finally(
    line.stop,
  );
  return { metainfo, path };
}

async function check(torrent: string, path: string, { output, signal }: PlanOptions): Promise<SeedPlan> {
  const metainfo = await readTorrent(torrent);
  const line = hashProgress(output);
  const { matches, problems, pieceLayers } = await verifyTorrent(metainfo, path, {
    signal,
    onProgress: line.update,
  }).finally(line.stop);
  // Some .torrent files come without their piece layers: they were computed just now.
  if (matches) return { metainfo: withPieceLayers(metainfo, pieceLayers), path };
  const what = problemsText(problems).replaceAll('\n', '; ');
  throw new TorrentError(
    'mismatch',
    `${printable(path)} is not the content of the torrent ${printable(torrent)}: ${what}. ` +
      'Move that file away to seed the content as it is, or name another one by --torrent',
  );
}

/** A torrent of this engine's kind; `undefined`, with a word about it, when the file is something else. */
async function torrentAt(file: string, output?: Output): Promise<Metainfo | undefined> {
  try {
    return await readTorrent(file);
  } catch (error) {
    if (!(error instanceof TorrentError)) throw error;
    output?.say(`passed over: ${error.message}`);
    return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // nothing is there, or nothing that may be looked at: the torrent is made
  }
}
