import { type InfoHashV2, toHex } from '../../bytes/index.ts';
import type { Metainfo } from '../../torrent/index.ts';
import { SwarmError } from '../error.ts';
import type { PieceHashes } from '../fetching/piece-hashes.ts';
import type { HashJob } from '../hashing/hash-job.ts';
import type { Layout } from '../layout.ts';

const SHA1_BYTES = 20;

/** What pieces are checked against. */
export interface PieceSource {
  readonly metainfo: Metainfo;
  readonly layout: Layout;
  readonly hashes: PieceHashes;
}

/** The job that checks a piece's data in both formats; its hash must be known. */
export function pieceJob(
  { metainfo, layout, hashes }: PieceSource,
  pieceIndex: number,
  data: Uint8Array,
): HashJob & { readonly kind: 'piece' } {
  const v1Hashes = metainfo.v1Pieces?.hashes;
  // Zeros that the v1 hash of a piece covers behind the file's end (BEP 47).
  const isUnpadded = pieceIndex === layout.pieceCount - 1 && !metainfo.v1Pieces?.tailPadded;
  return {
    kind: 'piece',
    data,
    height: layout.pieceHeight(layout.fileOf(pieceIndex)),
    expected: new Uint8Array(hashes.of(pieceIndex) as Uint8Array), // a view would take its whole layer to the thread
    ...(v1Hashes && {
      v1: {
        expected: new Uint8Array(v1Hashes.subarray(pieceIndex * SHA1_BYTES, (pieceIndex + 1) * SHA1_BYTES)),
        zeros: isUnpadded ? 0 : layout.pieceLength - data.length,
      },
    }),
  };
}

/** The error of a hybrid whose halves contradict each other. */
export function inconsistent(infoHashV2: InfoHashV2, pieceIndex: number): SwarmError {
  return new SwarmError(
    'inconsistent-hybrid',
    `torrent ${toHex(infoHashV2)}: the v1 and v2 hashes of piece ${pieceIndex} ` +
      'describe different data; nothing of it can be trusted',
  );
}
