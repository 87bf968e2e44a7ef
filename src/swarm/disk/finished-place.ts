import type { Metainfo } from '../../torrent/index.ts';
import { PieceHashes } from '../fetching/piece-hashes.ts';
import type { Layout, LayoutFile } from '../layout.ts';
import type { EngineServices } from '../services.ts';
import { FinishedContent } from './content.ts';
import { type RecheckParts, recheck } from './recheck.ts';

/** Content in its place, to be verified after this; `metainfo` with its piece layers. */
export async function openFinished(
  root: string,
  metainfo: Metainfo,
  layout: Layout,
  { files, pool, options }: EngineServices,
): Promise<FinishedContent> {
  const place = { root, isTree: metainfo.isTree, files: layout.files };
  const content: FinishedContent = await FinishedContent.open(place, files, (file, signal) =>
    isRight(file, {
      metainfo,
      layout,
      hashes: new PieceHashes(layout, metainfo.pieceLayers),
      content: { pathOf: (each) => content.pathOf(each), borrow: (each) => content.borrowUnchecked(each) },
      pool,
      memoryBytes: options.pieceMemoryBytes,
      signal,
    }),
  );
  return content;
}

/** Whether all pieces of a file are on disk and have their hashes. */
export async function isRight(file: LayoutFile, parts: RecheckParts): Promise<boolean> {
  return (await recheck(parts, [file])).count === file.pieceCount;
}
