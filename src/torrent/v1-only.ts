import { BencodeError, decode } from '../bencode/index.ts';
import type { InfoHashV1 } from '../bytes/index.ts';
import { TorrentError } from './error.ts';
import { bytesAt, dictionaryAt, integerAt } from './fields.ts';
import { infoHashV1Of } from './hashes.ts';
import { TORRENT_LIMITS } from './limits.ts';
import { readV1Files } from './v1-half.ts';

/** What a v1 torrent says of itself (BEP 3). Nothing of it is a vote. */
export interface V1Summary {
  readonly infoHashV1: InfoHashV1;
  readonly name: string;
  readonly pieceLength: number;
  readonly sizeBytes: number;
  readonly files: readonly { readonly path: readonly string[]; readonly sizeBytes: number }[];
}

/**
 * Reads a v1 torrent to show it, where {@link parseTorrent} said `v1-only`. Names are for showing only: they
 * are not checked, what is not UTF-8 in them is replaced, and keys need not be sorted. Throws a
 * {@link TorrentError}.
 */
export function summarizeV1(bytes: Uint8Array): V1Summary {
  const limits = { ...TORRENT_LIMITS, sortedKeys: false };
  try {
    const torrent = decode(bytes, limits);
    const info = torrent.kind === 'dictionary' ? dictionaryAt(torrent, 'info') : undefined;
    if (!info) throw new TorrentError('missing-info', 'the torrent has no info dictionary');
    const name = bytesAt(info, 'name');
    if (!name) throw new TorrentError('missing-name', 'the info dictionary has no name');
    const files = readV1Files(info, name, limits).filter((file) => !file.pad);
    return {
      infoHashV1: infoHashV1Of(info.raw),
      name: shown(name),
      pieceLength: integerAt(info, 'piece length') ?? 0,
      sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      files: files.map(({ path, sizeBytes }) => ({ path: path.map(shown), sizeBytes })),
    };
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    throw new TorrentError('invalid-bencoding', cause.message, { cause });
  }
}

/** Text to look at, never a path to use. */
function shown(name: Uint8Array): string {
  return new TextDecoder().decode(name);
}
