import { LogTreeError } from './rfc6962-hash.ts';
import { TILE_WIDTH, type Tile } from './rfc6962-tile.ts';

const MAX_LEVEL = 63;
const MAX_PATH_LENGTH = 64;
const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/**
 * The path of a tile or entry bundle below a log's prefix (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` or
 * `tile/entries/<N>[.p/<W>]`, the index in groups of three digits.
 *
 * @example
 * formatTilePath({ level: 0, index: 1234067, width: 256 }); // 'tile/0/x001/x234/067'
 * formatTilePath({ level: 'entries', index: 1, width: 44 }); // 'tile/entries/001.p/44'
 */
export function formatTilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/.{3}/g) ?? [];
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/**
 * The tile that a path names. Only the one canonical form is taken (no leading zero groups, width 1 to
 * 255 in a partial path). Throws `bad-tile`.
 */
export function parseTilePath(path: string): Tile {
  const match = path.length <= MAX_PATH_LENGTH ? PATH.exec(path) : null;
  if (match !== null) {
    const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
    const index = Number(match[2]?.replaceAll(/[x/]/g, ''));
    const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
    const tile: Tile = { level, index, width };
    const inBounds =
      (level === 'entries' || level <= MAX_LEVEL) &&
      Number.isSafeInteger(index) &&
      (match[3] === undefined || width < TILE_WIDTH);
    if (inBounds && formatTilePath(tile) === path) return tile;
  }
  throw new LogTreeError(
    'bad-tile',
    `${JSON.stringify(path.slice(0, MAX_PATH_LENGTH))} is no tile: give tile/<level or entries>/<index>[.p/<width>] as in C2SP tlog-tiles`,
  );
}
