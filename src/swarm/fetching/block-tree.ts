import { concatBytes } from '../../bytes/index.ts';
import { foldUncles, HASH_BYTES, hashAt, layerRoot } from '../../merkle/index.ts';
import { blockTree } from '../../sha256/index.ts';
import { type HashRange, uncleCount } from '../../wire/index.ts';

/** What a `hashes` message proves: the hashes of its range, and the ancestor that they and the uncles lead to. */
export interface ProvenRange {
  /** `range.length` hashes of 32 bytes, padding included. */
  readonly hashes: Uint8Array;
  readonly ancestor: Uint8Array;
  /** Level of that ancestor above the blocks. */
  readonly level: number;
}

/**
 * Folds the hashes of an answer to the ancestor that they prove, or `undefined` when there are not as many as asked
 * for. Some clients leave out the padding behind the last hash of the file: it is put back.
 *
 * @param remaining how many hashes that cover data there are from `range.index` on
 */
export function foldRange(range: HashRange, answer: Uint8Array, remaining: number): ProvenRange | undefined {
  const uncles = uncleCount(range);
  const count = answer.length / HASH_BYTES - uncles;
  if (count !== range.length && count !== Math.min(range.length, remaining)) return undefined;
  const given = answer.subarray(0, count * HASH_BYTES);
  const pad = blockTree.pad(range.baseLayer);
  const padding = Array.from({ length: range.length - count }, () => pad);
  const hashes = padding.length === 0 ? given : concatBytes(given, ...padding);
  const top = range.baseLayer + Math.log2(range.length);
  const ancestor = foldUncles(
    layerRoot(hashes, range.baseLayer, top, blockTree),
    range.index / range.length,
    Array.from({ length: uncles }, (_, at) => hashAt(answer, count + at)),
    blockTree,
  );
  return { hashes, ancestor, level: top + uncles };
}
