/** The part of the room that also runs in a browser: magnet links. */
export { formatMagnet, parseMagnet } from './magnet.ts';
