/** Torrents (BEP 52, hybrids also BEP 3 and 47): the canonical form, its checks, magnet links. */
export { assertCanonical } from './canonical.ts';
export { createTorrent } from './create.ts';
export type { TorrentErrorCode } from './error.ts';
export { TorrentError } from './error.ts';
export type { HashProgress } from './hash-files.ts';
export { TORRENT_LIMITS } from './limits.ts';
export type { Magnet } from './magnet.ts';
export { formatMagnet, parseMagnet } from './magnet.ts';
export type { Metainfo, Profile } from './metainfo.ts';
export { parseInfo, parseTorrent, withPieceLayers } from './parse.ts';
export { savePath } from './save-path.ts';
export { readTorrentFile, writeTorrentFile } from './torrent-file.ts';
export type { V1Summary } from './v1-only.ts';
export { summarizeV1 } from './v1-only.ts';
export type { FileProblem } from './verify.ts';
export { verifyTorrent } from './verify.ts';
