import fc from 'fast-check';

/** Data that begins anywhere in its memory, rows of many lengths around SHA-256's own of 64 bytes, and room before the hashes. */
export const someRows = fc
  .record({
    rowBytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(64, 128, 16_384)),
    rows: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 15, max: 40 })),
    short: fc.nat(),
    offset: fc.nat({ max: 70 }),
    seed: fc.nat({ max: 255 }),
    before: fc.nat({ max: 40 }),
  })
  .map(({ rowBytes, rows, short, offset, seed, before }) => {
    const length = rows * rowBytes - (short % rowBytes);
    const memory = Uint8Array.from(
      { length: offset + length },
      (_, index) => (index * 31 + (index >> 8) + seed) % 256,
    );
    return { data: memory.subarray(offset), rowBytes, before };
  });
