import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { createTorrent, type Metainfo, type Profile, parseTorrent } from '../../src/torrent/index.ts';

/** A folder that goes when the test is over. */
export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-swarm-'));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 })); // what still writes there is ended by a later hook
  return folder;
}

/** Bytes that look random and are the same in every run. */
export function patternBytes(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let at = 0; at + 4 <= length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, at);
  }
  return bytes;
}

export type Tree = Readonly<Record<string, Buffer>>;

/** A tree with what is easy to get wrong: empty files, twins with one root, lengths about a block and a piece. */
export function awkwardTree(): Tree {
  const twin = patternBytes(150_000, 7);
  return {
    'a/empty': Buffer.alloc(0),
    'a/one-byte': Buffer.from('x'),
    'a/block': patternBytes(16_384, 1),
    'b/block-and-one': patternBytes(16_385, 2),
    'b/many': patternBytes(3_000_001, 3),
    'b/twin-1': twin,
    'c/d/twin-2': twin,
    'c/d/tiny-twin-1': Buffer.from('same'),
    'c/d/tiny-twin-2': Buffer.from('same'),
    'c/run.sh': Buffer.from('#!/bin/sh\n'),
    'z-empty': Buffer.alloc(0),
  };
}

/** Writes a tree, or one file when there is only the name ''. Names that end with `.sh` become executable. */
export async function writeTree(root: string, tree: Tree): Promise<void> {
  for (const [name, bytes] of Object.entries(tree)) {
    const path = name === '' ? root : join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    if (name.endsWith('.sh')) await chmod(path, 0o755);
  }
}

export interface MadeTorrent {
  readonly path: string;
  readonly torrent: Uint8Array;
  readonly metainfo: Metainfo;
}

/** Writes content under `folder/name` and makes its torrent. */
export async function makeTorrent(
  folder: string,
  name: string,
  tree: Tree,
  profile: Profile,
): Promise<MadeTorrent> {
  const path = join(folder, name);
  await writeTree(path, tree);
  const { torrent } = await createTorrent(path, { profile });
  return { path, torrent, metainfo: parseTorrent(torrent) };
}

/** Every file below a path with its SHA-256 and whether its owner may run it. */
export async function fingerprint(path: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const visit = async (at: string, name: string): Promise<void> => {
    const stats = await lstat(at);
    if (stats.isDirectory()) {
      for (const entry of (await readdir(at)).sort()) await visit(join(at, entry), `${name}/${entry}`);
    } else {
      const hash = createHash('sha256');
      // Chunk by chunk: tests that bound memory call this too.
      for await (const chunk of createReadStream(at)) hash.update(chunk as Buffer);
      found[name] = `${hash.digest('hex')}${stats.mode & 0o100 ? ' x' : ''}`;
    }
  };
  await visit(path, '');
  return found;
}
