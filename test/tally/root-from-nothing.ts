import { toHex } from '../../src/bytes/index.ts';
import { createMapHasher, MerkleMap } from '../../src/merkle/index.ts';
import { sha256 } from '../../src/statement/index.ts';
import type { Tally } from '../../src/tally/index.ts';
import { lightKeys, lightValue } from '../../src/tally/light-values.ts';

/** The root of the state map built anew from every value that a count has now. */
export function rootFromNothing(tally: Tally): string {
  const map = new MerkleMap(createMapHasher(sha256));
  for (const key of lightKeys(tally)) {
    const value = lightValue(tally, key);
    if (value !== undefined) map.set(key, value);
  }
  return toHex(map.root());
}
