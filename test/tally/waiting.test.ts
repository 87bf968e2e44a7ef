import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WaitingList } from '../../src/tally/waiting.ts';

const keys = fc.integer({ min: 0, max: 999 }).map((number) => `key ${number}`);

test('who waits stands in order of entries and keys, whoever came and went, over many parts', () => {
  fc.assert(
    fc.property(
      fc.array(keys, { minLength: 1200, maxLength: 2500 }),
      fc.array(fc.nat({ max: 2500 }), { maxLength: 800 }),
      fc.nat({ max: 420 }),
      (added, gone, before) => {
        const list = new WaitingList();
        // Several in each entry, no key twice in one.
        let waiting = [...new Set(added.map((key, at) => `${Math.floor(at / 6)}:${key}`))].map((text) => {
          const [index, key] = text.split(':') as [string, string];
          return { index: Number(index), key };
        });
        for (const { key, index } of waiting) list.add(key, index);
        for (const at of gone) {
          const one = waiting[at];
          if (one === undefined) continue;
          list.remove(one.key, one.index);
          list.remove(one.key, one.index + 1_000_000);
          waiting = waiting.filter((each) => each !== one);
        }
        const sorted = waiting.toSorted(
          (left, right) => left.index - right.index || (left.key < right.key ? -1 : 1),
        );
        const expected = sorted.filter(({ index }) => index < before).map(({ key }) => key);
        assert.deepEqual(list.before(before), expected);
        assert.equal(list.before(Infinity).length, waiting.length);
      },
    ),
    { numRuns: 30 },
  );
});
