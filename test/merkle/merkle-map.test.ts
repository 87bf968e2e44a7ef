import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../src/bytes/index.ts';
import { createMapHasher, type MapProof, MerkleMap, verifyMapProof } from '../../src/merkle/index.ts';
import { naiveMapRoot } from './merkle-map-naive.ts';

const hasher = createMapHasher((bytes) => createHash('sha256').update(bytes).digest());

interface Vector {
  readonly pairs: Record<string, string>;
  readonly root: string;
  readonly proofs: readonly { key: string; steps: readonly [number, string][]; other?: [string, string] }[];
}

function mapOf(pairs: Iterable<readonly [string, string]>): MerkleMap {
  const map = new MerkleMap(hasher);
  for (const [key, value] of pairs) map.set(key, value);
  return map;
}

test('a map has the roots and proofs of the committed vectors', () => {
  const path = new URL('vectors/merkle-map.json', import.meta.url);
  const vectors = JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[];
  assert.ok(vectors.length >= 5);
  for (const { pairs, root, proofs } of vectors) {
    const map = mapOf(Object.entries(pairs));
    assert.equal(toHex(map.root()), root);
    assert.equal(toHex(naiveMapRoot(new Map(Object.entries(pairs)))), root);
    for (const { key, steps, other } of proofs) {
      const proof = map.prove(key);
      assert.deepEqual(
        proof.steps.map(({ depth, sibling }) => [depth, toHex(sibling)]),
        steps,
      );
      assert.deepEqual(proof.other && [toHex(proof.other.keyHash), toHex(proof.other.valueHash)], other);
      verifyMapProof({ key, value: pairs[key], root: map.root(), proof }, hasher);
    }
  }
});

const keys = fc.integer({ min: 0, max: 60 }).map((number) => `key:${number}`);
const values = fc.string({ maxLength: 3 });
const acts = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ act: fc.constant('set' as const), key: keys, value: values }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('delete' as const), key: keys, value: values }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('root' as const), key: keys, value: values }) },
  ),
  { maxLength: 120 },
);

test('however its pairs came in and went, a map has the root and the proofs of one built anew from them', () => {
  fc.assert(
    fc.property(acts, (history) => {
      const map = new MerkleMap(hasher);
      const pairs = new Map<string, string>();
      for (const { act, key, value } of history) {
        if (act === 'root') map.root();
        else if (act === 'set') {
          map.set(key, value);
          pairs.set(key, value);
        } else assert.equal(map.delete(key), pairs.delete(key));
        assert.equal(map.size, pairs.size);
      }
      const root = map.root();
      assert.deepEqual(Buffer.from(root), naiveMapRoot(pairs));
      for (let number = 0; number <= 60; number += 1) {
        const key = `key:${number}`;
        const value = pairs.get(key);
        assert.equal(map.get(key), value);
        const proof = map.prove(key);
        verifyMapProof({ key, value, root, proof }, hasher);
        refuses(key, value === undefined ? 'x' : undefined, root, proof);
        refuses(key, `${value ?? ''}!`, root, proof);
      }
    }),
    { numRuns: 60 },
  );
});

function refuses(key: string, value: string | undefined, root: Uint8Array, proof: MapProof): void {
  assert.throws(() => verifyMapProof({ key, value, root, proof }, hasher), { name: 'MerkleMapError' });
}

test('a proof that was changed anywhere, or of another key, proves nothing', () => {
  const map = mapOf(Array.from({ length: 200 }, (_, at) => [`key:${at}`, `value ${at}`]));
  const root = map.root();
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 399 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (at, where, bits) => {
        const key = `key:${at}`;
        const value = map.get(key);
        const proof = map.prove(key);
        const step = where % proof.steps.length;
        const change = (work: (steps: { depth: number; sibling: Uint8Array }[]) => void): MapProof => {
          const steps = proof.steps.map(({ depth, sibling }) => ({ depth, sibling: sibling.slice() }));
          work(steps);
          return { ...proof, steps };
        };
        const at32 = (bytes: Uint8Array | undefined): void => {
          if (bytes !== undefined) bytes[where % 32] = (bytes[where % 32] as number) ^ bits;
        };
        refuses(
          key,
          value,
          root,
          change((steps) => at32(steps[step]?.sibling)),
        );
        refuses(
          key,
          value,
          root,
          change((steps) => steps.splice(step, 1)),
        );
        refuses(
          key,
          value,
          root,
          change((steps) => steps.splice(step, 0, { depth: 255, sibling: root })),
        );
        refuses(
          key,
          value,
          root,
          change((steps) => {
            const one = steps[step];
            if (one !== undefined) one.depth += 1;
          }),
        );
        // What proves that a key is absent may prove it of others on the same side of every fork.
        if (value !== undefined) refuses(`key:${at + 400}`, value, root, proof);
        const short = change((steps) => {
          const one = steps[step];
          if (one !== undefined) one.sibling = one.sibling.subarray(1);
        });
        assert.throws(() => verifyMapProof({ key, value, root, proof: short }, hasher), {
          code: 'bad-proof',
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('a change at 50,000 keys costs a path of hashes, and a proof stays short', () => {
  let hashes = 0;
  const counting = createMapHasher((bytes) => {
    hashes += 1;
    return createHash('sha256').update(bytes).digest();
  });
  const map = new MerkleMap(counting);
  for (let at = 0; at < 50_000; at += 1) map.set(`key:${at}`, 'value');
  map.root();
  hashes = 0;
  map.set('key:123', 'other');
  map.root();
  assert.ok(hashes < 50, `${hashes} hashes`);
  for (let at = 0; at < 100; at += 1) assert.ok(map.prove(`absent:${at}`).steps.length < 50);
});
