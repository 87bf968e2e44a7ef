import { createHash, hash } from 'node:crypto';
import { type Encodable, encode } from '../../src/bencode/index.ts';

/** A dictionary to encode that tests may change. */
export type Draft = { [key: string]: Encodable | undefined };

/** A torrent as a dictionary, before it is made invalid. */
export interface TorrentDraft {
  readonly info: Draft;
  readonly layers: Map<Uint8Array, Encodable>;
  readonly rest: Draft;
}

export const PIECE = 65_536;
export const SIZE = 1_048_576;
const PIECES = SIZE / PIECE;

/** Piece layer of the sample: pieces that hash to distinct values, and its root. */
export const LAYER = Buffer.concat(
  Array.from({ length: PIECES }, (_, index) => hash('sha256', `piece ${index}`, 'buffer')),
);
export const ROOT: Uint8Array = rootOf(LAYER);

/** The root above a full layer of a power of two of hashes. */
export function rootOf(layer: Buffer): Buffer {
  if (layer.length === 32) return layer;
  const middle = layer.length / 2;
  return createHash('sha256')
    .update(rootOf(layer.subarray(0, middle)))
    .update(rootOf(layer.subarray(middle)))
    .digest();
}

/** A file of the file tree. */
export function leaf(properties: Draft = {}): Draft {
  return { '': { length: SIZE, 'pieces root': ROOT, ...properties } };
}

/** A valid v2 torrent of one file of 1 MiB in pieces of 64 KiB. */
export function v2Draft(): TorrentDraft {
  return {
    info: {
      'file tree': { sample: leaf() },
      'meta version': 2,
      name: 'sample',
      'piece length': PIECE,
    },
    layers: new Map<Uint8Array, Encodable>([[ROOT, LAYER]]),
    rest: { announce: 'http://127.0.0.1:1/announce' },
  };
}

/** The same as a hybrid. */
export function hybridDraft(): TorrentDraft {
  const draft = v2Draft();
  Object.assign(draft.info, { length: SIZE, pieces: new Uint8Array(20 * PIECES) });
  return draft;
}

/** A valid hybrid of two files in a folder, the first followed by padding. */
export function treeDraft(): TorrentDraft {
  const small = { length: 5, 'pieces root': hash('sha256', 'small', 'buffer') };
  const draft = v2Draft();
  Object.assign(draft.info, {
    'file tree': { a: { '': small }, b: leaf() },
    files: [
      { length: 5, path: ['a'] },
      { attr: 'p', length: PIECE - 5, path: ['.pad', `${PIECE - 5}`] },
      { length: SIZE, path: ['b'] },
    ],
    name: 'folder',
    pieces: new Uint8Array(20 * (PIECES + 1)),
  });
  return draft;
}

export function torrentOf(draft: TorrentDraft): Uint8Array {
  return encode({ ...draft.rest, info: draft.info, 'piece layers': draft.layers });
}
