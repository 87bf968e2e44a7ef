// Metainfo: what is accepted names only files below its folder, agrees with itself, and is canonical where it says so.
import { join, posix, win32 } from 'node:path';
import { decode } from '../../../src/bencode/index.ts';
import { toHex } from '../../../src/bytes/index.ts';
import { sha256 } from '../../../src/sha256/index.ts';
import {
  assertCanonical,
  type Metainfo,
  parseInfo,
  parseTorrent,
  savePath,
  summarizeV1,
  TORRENT_LIMITS,
  TorrentError,
  withPieceLayers,
} from '../../../src/torrent/index.ts';
import { accepted, mustEqual } from '../support.ts';

const CANONICAL_KEYS = new Set([
  'attr',
  'file tree',
  'files',
  'length',
  'meta version',
  'name',
  'piece length',
  'pieces',
]);

export function fuzz(bytes: Uint8Array): void {
  const torrent = accepted(TorrentError, () => parseTorrent(bytes));
  if (torrent) {
    check(torrent);
    const again = withPieceLayers(parseInfo(torrent.infoBytes), torrent.pieceLayers);
    mustEqual(again.infoHashV2, torrent.infoHashV2, 'the infohash of the info dictionary alone');
    const longer = torrent.files.filter(({ sizeBytes }) => sizeBytes > torrent.pieceLength);
    if (torrent.pieceLayers.size > longer.length) throw new Error('there are layers that no file has');
  }
  const info = accepted(TorrentError, () => parseInfo(bytes));
  if (info) check(info);
  accepted(TorrentError, () => summarizeV1(bytes));
}

function check(metainfo: Metainfo): void {
  mustEqual(metainfo.infoHashV2, sha256(metainfo.infoBytes), 'the infohash');
  const places = new Set<string>();
  let sizeBytes = 0;
  for (const file of metainfo.files) {
    const path = savePath(metainfo, file);
    mustStayBelow(path);
    places.add(join(...path));
    sizeBytes += file.sizeBytes;
    if ((file.piecesRoot === undefined) !== (file.sizeBytes === 0)) throw new Error('a root without data');
  }
  if (places.size !== metainfo.files.length) throw new Error('two files have one place');
  if (sizeBytes !== metainfo.sizeBytes || sizeBytes === 0) throw new Error('the sizes do not add up');
  if (Math.ceil(sizeBytes / metainfo.pieceLength) > TORRENT_LIMITS.pieces) throw new Error('too many pieces');
  if ((metainfo.profile === 'hybrid') !== (metainfo.infoHashV1 !== undefined))
    throw new Error('half a hybrid');
  const isCanonical = accepted(TorrentError, () => assertCanonical(metainfo) ?? true);
  if (isCanonical) mustBeCanonical(metainfo);
}

/** Only the keys that a vote has, and no second form of them. */
function mustBeCanonical(metainfo: Metainfo): void {
  const keys = Array.from(decode(metainfo.infoBytes).entries(), ([key]) =>
    Buffer.from(key).toString('latin1'),
  );
  if (!keys.every((key) => CANONICAL_KEYS.has(key))) throw new Error(`canonical with keys ${keys.join()}`);
  const roots = metainfo.files.flatMap(({ piecesRoot }) => (piecesRoot ? [toHex(piecesRoot)] : []));
  if (roots.some((root) => /^0+$/.test(root))) throw new Error('canonical with a root of zeros');
}

function mustStayBelow(path: readonly string[]): void {
  for (const [system, root] of [
    [posix, '/root'],
    [win32, 'C:\\root'],
  ] as const) {
    const place = system.relative(root, system.join(root, ...path));
    const isBelow = place !== '' && !/^(?:\.\.(?:[/\\]|$)|[/\\]|[a-z]:[/\\])/i.test(place);
    // Nothing was taken for a separator, a drive or a dot: as many parts stand in the place as in the path.
    if (!isBelow || place.split(/[/\\]/).length !== path.length) {
      throw new Error(`${JSON.stringify(path)} leaves the folder: ${place}`);
    }
  }
  if (path.some((element) => element.includes('\0'))) throw new Error('a path holds NUL');
}
