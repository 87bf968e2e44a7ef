import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** One entry of a crafted archive; the type is a file unless told otherwise. */
export interface CraftedEntry {
  readonly path: string;
  readonly content?: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO';
  readonly linkpath?: string;
  readonly mode?: number;
}

/** A gzipped tar archive with exactly these entries, hostile ones included. */
export function craftArchive(entries: readonly CraftedEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    const header = Buffer.alloc(512);
    new Header({
      path: entry.path,
      mode: entry.mode ?? 0o644,
      size: content.length,
      mtime: new Date(0),
      type: entry.type ?? 'File',
      ...(entry.linkpath !== undefined && { linkpath: entry.linkpath }),
    }).encode(header, 0);
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  blocks.push(Buffer.alloc(1024));
  return gzipSync(Buffer.concat(blocks));
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** Puts an archive where the builder's cache keeps it, so that no registry is asked. */
export async function putInCache(cacheFolder: string, bytes: Uint8Array): Promise<string> {
  const folder = join(cacheFolder, 'sha512');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, createHash('sha512').update(bytes).digest('hex')), bytes);
  return integrityOf(bytes);
}
