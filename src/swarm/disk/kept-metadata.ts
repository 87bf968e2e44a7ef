import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { equalBytes, type InfoHashV2, toHex } from '../../bytes/index.ts';
import { HASH_BYTES, layerRoot } from '../../merkle/index.ts';
import { blockTree, sha256 } from '../../sha256/index.ts';
import { TORRENT_LIMITS } from '../../torrent/index.ts';
import { fileHeight, type Layout, type LayoutFile } from '../layout.ts';
import { diskStep } from './disk-error.ts';
import type { Workplace } from './workplace.ts';

const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The info dictionary that an earlier download kept, when its SHA-256 is the infohash. */
export async function readKeptInfo(
  { infoPath }: Workplace,
  infoHashV2: InfoHashV2,
): Promise<Uint8Array | undefined> {
  const bytes = await readBounded(infoPath);
  return bytes && equalBytes(sha256(bytes), infoHashV2) ? bytes : undefined;
}

export async function keepInfo({ infoPath }: Workplace, infoBytes: Uint8Array): Promise<void> {
  await write(infoPath, infoBytes);
}

/** Piece layers that an earlier download kept, under their roots in hex: those that lead to their pieces roots. */
async function readKeptLayers({ layersPath }: Workplace, layout: Layout): Promise<Map<string, Uint8Array>> {
  const layers = new Map<string, Uint8Array>();
  const bytes = await readBounded(layersPath);
  if (!bytes) return layers;
  const files = layeredFiles(layout);
  for (let at = 0; at < bytes.length; ) {
    const root = toHex(bytes.subarray(at, at + HASH_BYTES));
    const file = files.get(root);
    if (!file) break; // damaged from here on
    const layer = bytes.slice(at + HASH_BYTES, at + HASH_BYTES + file.pieceCount * HASH_BYTES);
    if (!leadsTo(layer, file, layout)) break;
    layers.set(root, layer);
    at += HASH_BYTES + layer.length;
  }
  return layers;
}

/** Keeps piece layers for the next time, each time that there are more of them than before. */
export class LayerKeeper {
  readonly #workplace: Workplace;
  #kept = 0;
  #isWriting = false;

  constructor(workplace: Workplace) {
    this.#workplace = workplace;
  }

  /** What an earlier download kept. */
  async read(layout: Layout): Promise<ReadonlyMap<string, Uint8Array>> {
    const layers = await readKeptLayers(this.#workplace, layout);
    this.#kept = layers.size;
    return layers;
  }

  async keep(layers: ReadonlyMap<string, Uint8Array>): Promise<void> {
    if (layers.size <= this.#kept || this.#isWriting) return;
    this.#isWriting = true;
    this.#kept = layers.size;
    try {
      await writeLayers(this.#workplace, layers);
    } finally {
      this.#isWriting = false;
    }
  }
}

/** Writes piece layers as `readKeptLayers` reads them: each behind its root. */
async function writeLayers(
  { layersPath }: Workplace,
  layers: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const parts = [...layers].flatMap(([root, layer]) => [Buffer.from(root, 'hex'), layer]);
  await write(layersPath, Buffer.concat(parts));
}

function layeredFiles(layout: Layout): ReadonlyMap<string, LayoutFile> {
  const files = new Map<string, LayoutFile>();
  for (const file of layout.files) {
    if (file.piecesRoot && file.pieceCount > 1) files.set(toHex(file.piecesRoot), file);
  }
  return files;
}

function leadsTo(layer: Uint8Array, file: LayoutFile, layout: Layout): boolean {
  if (layer.length !== file.pieceCount * HASH_BYTES) return false;
  const root = layerRoot(layer, layout.pieceHeight(file), fileHeight(file), blockTree);
  return equalBytes(root, file.piecesRoot as Uint8Array);
}

/** `undefined` for what is not there, not a file, or longer than any torrent. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  return diskStep(path, 'read', async () => {
    const handle = await open(path, READ).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ELOOP') return undefined;
      throw error;
    });
    if (!handle) return undefined;
    try {
      const stats = await handle.stat();
      const isSane = stats.isFile() && stats.size > 0 && stats.size <= TORRENT_LIMITS.bytes;
      return isSane ? Uint8Array.from(await handle.readFile()) : undefined;
    } finally {
      await handle.close();
    }
  });
}

/** What is torn by a crash does not have its hash, and is not read. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  await diskStep(path, 'written', async () => {
    await rm(path, { recursive: true, force: true });
    const handle = await open(path, WRITE, 0o600);
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
  });
}
