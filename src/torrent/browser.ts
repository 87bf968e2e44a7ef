/** The part of the room that also runs in a browser: magnet links. */
export type { TorrentErrorCode } from './error.ts';
export { TorrentError } from './error.ts';
export type { Magnet, PeerHint } from './magnet.ts';
export { formatMagnet, parseMagnet } from './magnet.ts';
