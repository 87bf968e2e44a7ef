import { equalBytes } from '../../bytes/index.ts';
import { HASH_BYTES, hashAt } from '../../merkle/index.ts';
import type { BlockSource } from './block-source.ts';
import type { PieceTransfer } from './piece-transfer.ts';

/** What a failed piece had: who sent which block with which hash. */
export interface FailedPiece {
  readonly leaves: Uint8Array;
  readonly senders: readonly (BlockSource | undefined)[];
}

/** Notes who sent what in a piece that turned out to be wrong. */
export function noteFailure(transfer: PieceTransfer, leaves: Uint8Array): FailedPiece {
  return {
    leaves,
    senders: Array.from({ length: transfer.blockCount }, (_, block) => transfer.senderOf(block)),
  };
}

/** The blocks whose hashes differ from the right ones, and who sent them. */
export function findLiars(
  failed: FailedPiece,
  right: Uint8Array,
): { readonly blocks: readonly number[]; readonly liars: ReadonlySet<BlockSource> } {
  const blocks: number[] = [];
  const liars = new Set<BlockSource>();
  for (let block = 0; block < failed.leaves.length / HASH_BYTES; block += 1) {
    if (equalBytes(hashAt(failed.leaves, block), hashAt(right, block))) continue;
    blocks.push(block);
    const sender = failed.senders[block];
    if (sender) liars.add(sender);
  }
  return { blocks, liars };
}
