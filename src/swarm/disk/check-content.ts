import { type Metainfo, verifyTorrent } from '../../torrent/index.ts';
import { Bitfield } from '../bitfield.ts';
import { SwarmError } from '../error.ts';
import { PieceHashes } from '../fetching/piece-hashes.ts';
import type { Layout } from '../layout.ts';
import type { EngineServices } from '../services.ts';
import { type Content, whatStandsAt } from './content.ts';
import { isRight, openFinished } from './finished-place.ts';
import type { PartialContent } from './partial-content.ts';
import { targetExists } from './put-in-place.ts';
import type { RecheckParts } from './recheck.ts';

/** A torrent whose disk side is ready. */
export interface PreparedContent {
  /** With the piece layers that are known. */
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly content: Content;
  /** Pieces that were found on disk and hashed just now. */
  readonly have: Bitfield;
}

/** What content is checked against, and with. */
export interface CheckParts {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly services: EngineServices;
  readonly signal: AbortSignal;
  /** How many bytes are on disk and right, while it looks for them. */
  readonly onChecking: (haveBytes: number, layout: Layout) => void;
}

/** Verifies what stands at the target's place already. Throws `target-exists` when it is not the torrent's. */
export async function verifyStanding(target: string, parts: CheckParts): Promise<PreparedContent> {
  const { metainfo, layout, services, signal, onChecking } = parts;
  const content = await openFinished(target, metainfo, layout, services);
  const kind = await whatStandsAt(target);
  if (kind !== (metainfo.isTree ? 'folder' : 'file')) throw targetExists(target);
  const { matches, pieceLayers } = await verifyTorrent(metainfo, target, {
    signal,
    onProgress: ({ doneBytes }) => onChecking(doneBytes, layout),
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw targetExists(target, cause);
  });
  if (!matches) throw targetExists(target);
  const have = Bitfield.full(layout.pieceCount);
  return { metainfo: { ...metainfo, pieceLayers }, layout, content, have };
}

/**
 * Hashes those files again that somebody else changed since they were written; `root` is where they stand. Throws
 * `disk` with the first that is not right any more.
 */
export async function mustBeUntouched(
  content: PartialContent,
  parts: CheckParts,
  root: string,
): Promise<void> {
  const touched = await content.touchedFiles();
  if (touched.length === 0) return;
  await parts.services.files.forget(root); // what is open may be another file by now
  const recheckParts = recheckPartsOf(content, parts);
  for (const file of touched) {
    if (await isRight(file, recheckParts)) continue;
    throw new SwarmError(
      'disk',
      `${content.pathOf(file)} was changed by somebody else while it was downloaded: download again, ` +
        'which fetches only what is wrong',
    );
  }
}

export function recheckPartsOf(content: Content, parts: CheckParts): RecheckParts {
  const { metainfo, layout, services, signal, onChecking } = parts;
  return {
    metainfo,
    layout,
    hashes: new PieceHashes(layout, metainfo.pieceLayers),
    content,
    pool: services.pool,
    memory: services.runMemory,
    signal,
    onRight: (haveBytes) => onChecking(haveBytes, layout),
  };
}
