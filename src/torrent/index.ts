/** Torrents (BEP 52, hybrids also BEP 3 and 47): the canonical form, its checks, magnet links. */
export { assertCanonical } from './canonical.ts';
export type { CreatedTorrent, CreateOptions } from './create.ts';
export { createTorrent } from './create.ts';
export type { TorrentErrorCode } from './error.ts';
export { TorrentError } from './error.ts';
export { sha256 } from './hashes.ts';
export { formatTorrent } from './info.ts';
export type { TorrentLimits } from './limits.ts';
export { TORRENT_LIMITS } from './limits.ts';
export type { Magnet, PeerHint } from './magnet.ts';
export { formatMagnet, parseMagnet } from './magnet.ts';
export type { Metainfo, Profile, TorrentFile, V1Pieces } from './metainfo.ts';
export { parseInfo, parseTorrent, withPieceLayers } from './parse.ts';
export { hasPieceLayer } from './piece-layers.ts';
export { savePath } from './save-path.ts';
