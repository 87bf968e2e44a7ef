import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunningDownload } from '../swarm/index.ts';
import { UsageError } from './exit-code.ts';
import { jsonText, Output } from './output.ts';

/** While a file goes to standard output, results go where the words go: to standard error. */
export class OutputBeside extends Output {
  constructor({ json, quiet }: Output) {
    super({ json, quiet });
  }

  override result(value: unknown, text: string): void {
    process.stderr.write(this.json ? `${jsonText(value)}\n` : `${text}\n`);
  }
}

/** Writes one file of a download to standard output while it runs, each byte verified before. */
export async function streamFile(
  download: RunningDownload,
  path: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const chunks = download.read(fileNumber(download, path), 0, undefined, signal);
  await pipeline(Readable.from(chunks), process.stdout, { signal, end: false });
}

/** The file of that path, or the largest one. */
function fileNumber({ metainfo: { files } }: RunningDownload, path: string | undefined): number {
  if (path === undefined) {
    const largest = Math.max(...files.map(({ sizeBytes }) => sizeBytes));
    return files.findIndex(({ sizeBytes }) => sizeBytes === largest);
  }
  const found = files.findIndex((file) => file.path.join('/') === path);
  if (found >= 0) return found;
  const some = files.slice(0, 5).map((file) => JSON.stringify(file.path.join('/')));
  const more = files.length > some.length ? ` and ${files.length - some.length} more` : '';
  throw new UsageError(`the torrent has no file ${JSON.stringify(path)}: it has ${some.join(', ')}${more}`);
}
