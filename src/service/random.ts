/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * Numbers from a seed of four 32-bit words by Chris Doty-Humphrey's sfc32: quick, well mixed, and the same for the
 * same seed, so that a test can repeat a choice. Not for secrets.
 */
export function seededRandom(seed: Uint32Array): Random {
  let [a = 0, b = 0, c = 0, counter = 1] = seed;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
