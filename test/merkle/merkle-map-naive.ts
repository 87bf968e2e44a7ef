import { createHash } from 'node:crypto';

const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const state = createHash('sha256');
  for (const part of parts) state.update(part);
  return state.digest();
};

/** Root of a map as docs/protocol.md says it, computed from nothing but the pairs. */
export function naiveMapRoot(pairs: ReadonlyMap<string, string>): Buffer {
  if (pairs.size === 0) return hash();
  const leaves = [...pairs].map(([key, value]) => {
    const bits = Array.from(hash(Buffer.from(key)), (byte) => byte.toString(2).padStart(8, '0')).join('');
    return { bits, hash: hash(Buffer.of(0), hash(Buffer.from(key)), hash(Buffer.from(value))) };
  });
  return rootOf(leaves);
}

function rootOf(leaves: readonly { bits: string; hash: Buffer }[]): Buffer {
  const [first] = leaves;
  if (first === undefined) throw new Error('a side without leaves');
  if (leaves.length === 1) return first.hash;
  let depth = 0;
  while (leaves.every(({ bits }) => bits[depth] === first.bits[depth])) depth += 1;
  const prefix = first.bits.slice(0, depth).padEnd(256, '0');
  const bytes = Buffer.from(prefix.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  const side = (bit: string): Buffer => rootOf(leaves.filter(({ bits }) => bits[depth] === bit));
  return hash(Buffer.of(1, depth), bytes, side('0'), side('1'));
}
