import { type Metainfo, verifyTorrent } from '../../torrent/index.ts';
import { SwarmError } from '../error.ts';
import { PieceHashes } from '../fetching/piece-hashes.ts';
import type { Layout, LayoutFile } from '../layout.ts';
import type { EngineServices } from '../services.ts';
import { FinishedContent } from './content.ts';
import { type RecheckParts, recheck } from './recheck.ts';

/** Content up to this length is hashed in the engine's own threads, whose start is over. */
const SMALL_BYTES = 16 * 1024 * 1024;

/** Content in its place, to be verified after this; `metainfo` with its piece layers. */
export async function openFinished(
  root: string,
  metainfo: Metainfo,
  layout: Layout,
  { files, pool, runMemory }: EngineServices,
): Promise<FinishedContent> {
  const place = { root, isTree: metainfo.isTree, files: layout.files };
  const content: FinishedContent = await FinishedContent.open(place, files, (file, signal) =>
    isRight(file, {
      metainfo,
      layout,
      hashes: new PieceHashes(layout, metainfo.pieceLayers),
      content: { pathOf: (each) => content.pathOf(each), borrow: (each) => content.borrowUnchecked(each) },
      pool,
      memory: runMemory,
      signal,
    }),
  );
  return content;
}

/** Content that was hashed just now and is the torrent's. Throws `mismatch` with the first file that is not. */
export async function openVerified(
  root: string,
  metainfo: Metainfo,
  layout: Layout,
  services: EngineServices,
  signal: AbortSignal,
): Promise<FinishedContent> {
  const content = await openFinished(root, metainfo, layout, services);
  if (layout.sizeBytes <= SMALL_BYTES && content.isPresent(layout.files)) {
    const { pool, runMemory: memory } = services;
    const hashes = new PieceHashes(layout, metainfo.pieceLayers);
    const parts = { metainfo, layout, hashes, content, pool, memory, signal };
    const have = await recheck(parts, layout.files).catch((error: unknown) => mustBeOfContent(error));
    if (have?.isFull) return content;
    signal.throwIfAborted();
  }
  // All processors for large content, and for what is wrong with small.
  const { matches, problems } = await verifyTorrent(metainfo, root, { signal });
  const [first] = problems;
  if (matches || !first) return content;
  const name = JSON.stringify(first.path.join('/'));
  throw new SwarmError('mismatch', `${root} is not the content of the torrent: ${name} is ${first.problem}`);
}

/** What cannot be read, or contradicts itself, is named by the check that follows. */
function mustBeOfContent(error: unknown): undefined {
  if (!(error instanceof SwarmError) || error.code === 'closed') throw error;
}

/** Whether all pieces of a file are on disk and have their hashes. */
export async function isRight(file: LayoutFile, parts: RecheckParts): Promise<boolean> {
  return (await recheck(parts, [file])).count === file.pieceCount;
}
