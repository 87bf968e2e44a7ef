import type { InfoHashV2 } from '../bytes/index.ts';
import type { Magnet, Metainfo } from '../torrent/index.ts';
import { SwarmError } from './error.ts';
import type { Identity } from './identity.ts';

/** What can be downloaded: a parsed torrent, or a magnet link with a v2 infohash. */
export type TorrentSource = Metainfo | Magnet;

/** Whether the info dictionary is here already. */
export function isMetainfo(source: TorrentSource): source is Metainfo {
  return 'infoBytes' in source;
}

/** The names of a torrent. Throws `v1-only` for a magnet link without `btmh`. */
export function identityOfSource(source: TorrentSource): Identity {
  const infoHashV2: InfoHashV2 | undefined = source.infoHashV2;
  if (!infoHashV2) {
    throw new SwarmError(
      'v1-only',
      'the magnet link has a v1 infohash (btih) only: SHA-1 is not trusted here, give one with "xt=urn:btmh:1220…"',
    );
  }
  return { infoHashV2, infoHashV1: source.infoHashV1 };
}
