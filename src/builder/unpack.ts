import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { BuilderError } from './errors.ts';
import { RECIPE_LIMITS } from './limits.ts';
import { pathFault } from './paths.ts';

/** One regular file of an archive; `path` is relative and safe, without the archive's own top folder. */
export interface ArchiveFile {
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: Uint8Array;
}

/** Bounds on an archive, from {@link RECIPE_LIMITS} unless told otherwise. */
export interface ArchiveLimits {
  readonly unpackedBytes: number;
  readonly archiveEntries: number;
}

const inflate = promisify(gunzip);

/**
 * The regular files of a gzipped tar archive (`.tgz` as npm writes it), its top folder taken off. Links, devices,
 * absolute and parent paths, files named twice, and archives beyond the limits are refused as `unsafe-archive`;
 * `name` stands for the archive in errors. Nothing is written.
 */
export async function readArchive(
  name: string,
  archive: Uint8Array,
  limits: ArchiveLimits = RECIPE_LIMITS,
): Promise<ArchiveFile[]> {
  const refuse = (reason: string, cause?: unknown): BuilderError =>
    new BuilderError('unsafe-archive', `source ${name}: its archive ${reason}; do not build from it`, {
      cause,
    });
  let tar: Uint8Array;
  try {
    tar = await inflate(archive, { maxOutputLength: limits.unpackedBytes });
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw refuse(tooLarge ? `unpacks to more than ${limits.unpackedBytes} bytes` : 'is not gzip', error);
  }
  return parseTar(tar, limits, refuse);
}

function parseTar(
  tar: Uint8Array,
  limits: ArchiveLimits,
  refuse: (reason: string, cause?: unknown) => BuilderError,
): ArchiveFile[] {
  const files: ArchiveFile[] = [];
  const seen = new Set<string>();
  let entries = 0;
  let fault: BuilderError | undefined;
  const take = (entry: ReadEntry): void => {
    entries += 1;
    fault ??= entryFault(entry);
    if (fault !== undefined || entry.type === 'Directory') {
      entry.resume();
      return;
    }
    const path = stripTop(entry.path);
    seen.add(path.toLowerCase());
    const chunks: Buffer[] = [];
    entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    entry.on('end', () => {
      files.push({ path, executable: ((entry.mode ?? 0) & 0o100) !== 0, bytes: Buffer.concat(chunks) });
    });
  };
  const entryFault = (entry: ReadEntry): BuilderError | undefined => {
    const shown = JSON.stringify(entry.path);
    if (entries > limits.archiveEntries) return refuse(`has more than ${limits.archiveEntries} entries`);
    if (entry.type === 'Directory') return undefined;
    if (entry.type !== 'File' && entry.type !== 'OldFile') return refuse(`holds ${shown}, a ${entry.type}`);
    const wrong = entry.path.includes('/') ? pathFault(stripTop(entry.path)) : 'lies outside the top folder';
    if (wrong !== undefined || entry.path.startsWith('/')) return refuse(`holds ${shown}, which ${wrong}`);
    if (/^\.\.?$/.test(entry.path.split('/', 1)[0] ?? ''))
      return refuse(`holds ${shown}, outside its folder`);
    if (seen.has(stripTop(entry.path).toLowerCase())) return refuse(`holds ${shown} twice`);
    return undefined;
  };
  const parser = new Parser({ strict: true, onReadEntry: take });
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    fault ??= refuse(`holds ${JSON.stringify(entry.path)}, an entry of type ${entry.type}`);
  });
  parser.on('error', (error: unknown) => {
    fault ??= refuse('is not a well-formed tar archive', error);
  });
  try {
    parser.end(Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength));
  } catch (error) {
    fault ??= refuse('is not a well-formed tar archive', error);
  }
  if (fault !== undefined) throw fault;
  if (files.length === 0) throw refuse('holds no file');
  return files;
}

function stripTop(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}
