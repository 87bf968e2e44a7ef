// A large map is a map, whatever its keys look like, and a register keeps the order in which it was filled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LargeMap } from '../../src/tally/large-map.ts';
import { Register } from '../../src/tally/register.ts';

/** Few enough that they come again, of every length, and some that end alike. */
const key = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('a', 'b', 'c').map((start) => `${start}-same-end`),
  fc.integer({ min: 0, max: 50 }).map((number) => number.toString(16).padStart(64, '0')),
);

test('a large map holds what a map holds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('set', 'set', 'delete'), key)), (steps) => {
      const [large, model] = [new LargeMap<number>(), new Map<string, number>()];
      for (const [number, [step, name]] of steps.entries()) {
        if (step === 'delete') {
          large.delete(name);
          model.delete(name);
        } else {
          large.set(name, number);
          model.set(name, number);
        }
        assert.equal(large.get(name), model.get(name));
        assert.equal(large.has(name), model.has(name));
        assert.equal(large.size, model.size);
      }
      assert.deepEqual(new Map(large), model);
    }),
  );
});

test('a register holds what a map holds, in its order', () => {
  fc.assert(
    fc.property(fc.array(key), (names) => {
      const [register, model] = [new Register<number>(), new Map<string, number>()];
      for (const [number, name] of names.entries()) {
        register.set(name, number);
        model.set(name, number);
        assert.equal(register.has(name), true);
      }
      assert.equal(register.size, model.size);
      assert.deepEqual([...register.keys()], [...model.keys()]);
      assert.deepEqual([...register.values()], [...model.values()]);
      assert.deepEqual([...register], [...model]);
      for (const [name, number] of model) assert.equal(register.get(name), number);
    }),
  );
});
