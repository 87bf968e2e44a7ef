import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rarity } from '../../src/swarm/fetching/rarity.ts';

type Step = readonly ['up' | 'down' | 'remove' | 'add', number];

const PIECES = 12;

test('after any changes the rarest listed piece comes first', () => {
  const step = fc.tuple(
    fc.constantFrom('up', 'up', 'down', 'remove', 'add'),
    fc.nat({ max: PIECES - 1 }),
  ) as fc.Arbitrary<Step>;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (steps, at) => {
        const rarity = new Rarity(
          PIECES,
          (piece) => piece !== 3,
          () => at,
        );
        const availability = Array.from({ length: PIECES }, () => 0);
        const listed = new Set(
          Array.from({ length: PIECES }, (_, piece) => piece).filter((piece) => piece !== 3),
        );
        for (const [what, piece] of steps) {
          const now = availability[piece] as number;
          if (what === 'up') {
            rarity.change(piece, 1);
            availability[piece] = now + 1;
          } else if (what === 'down' && now > 0) {
            rarity.change(piece, -1);
            availability[piece] = now - 1;
          } else if (what === 'remove') {
            rarity.remove(piece);
            listed.delete(piece);
          } else if (what === 'add') {
            rarity.add(piece);
            listed.add(piece);
          }
          const order: number[] = [];
          rarity.find((candidate) => {
            order.push(candidate);
            return false;
          });
          assert.deepEqual(new Set(order), listed);
          assert.equal(rarity.size, listed.size);
          const counts = order.map((candidate) => availability[candidate] as number);
          assert.deepEqual(
            counts,
            [...counts].sort((left, right) => left - right),
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('pieces of equal availability come in an order that the random source decides', () => {
  const firsts = new Set<number>();
  for (let round = 0; round < 40; round += 1) {
    firsts.add(new Rarity(8, () => true, Math.random).find(() => true));
  }
  assert.ok(firsts.size > 3);
});

test('those who fetch from the same seeders do not fetch in the same order, whatever the seeders told first', () => {
  const firsts = new Map<number, number>();
  const rounds = 3000;
  for (let round = 0; round < rounds; round += 1) {
    const rarity = new Rarity(PIECES, () => true, Math.random);
    for (let seeder = 0; seeder < 2; seeder += 1) {
      for (let piece = 0; piece < PIECES; piece += 1) rarity.change(piece, 1);
    }
    for (let piece = 0; piece < PIECES; piece += 1) rarity.change(piece, -1); // one leaves
    const first = rarity.find(() => true);
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  // Each piece is first in one of twelve: 250 rounds, with a standard deviation of 15.
  for (let piece = 0; piece < PIECES; piece += 1) {
    const times = firsts.get(piece) ?? 0;
    assert.ok(
      Math.abs(times - rounds / PIECES) < 120,
      `piece ${piece} came first in ${times} of ${rounds} rounds`,
    );
  }
});
