// Hash requests and answers (BEP 52): the right answer leads to the root, a changed one never does.
import { createHash } from 'node:crypto';
import { CodedError, equalBytes } from '../../../src/bytes/index.ts';
import { foldRange } from '../../../src/swarm/fetching/block-tree.ts';
import { type HashRange, isHashRange, uncleCount } from '../../../src/wire/index.ts';
import { accepted, Choices, mustEqual } from '../support.ts';

const NO_ROOT = new Uint8Array(32);

export function fuzz(bytes: Uint8Array): void {
  const choices = new Choices(bytes);
  if (choices.below(2) === 0) anyRange(choices);
  else rightOrChanged(choices);
}

/** Whatever a peer asks for: what is taken lies inside the tree and costs no more than the limits. */
function anyRange(choices: Choices): void {
  const layers = choices.below(33);
  const number = (): number => (choices.below(2) === 0 ? choices.below(256) : choices.uint32());
  const range = {
    piecesRoot: NO_ROOT,
    baseLayer: number(),
    index: number(),
    length: choices.below(2) === 0 ? 2 ** choices.below(32) : number(),
    proofLayers: number(),
  };
  if (!isHashRange(range, layers)) return;
  const { baseLayer, index, length, proofLayers } = range;
  const width = 2 ** (layers - baseLayer);
  if (length > 8192 || index + length > width || baseLayer >= layers)
    throw new Error('a range beyond its tree');
  const uncles = uncleCount(range);
  if (!Number.isInteger(uncles) || uncles < 0 || uncles > proofLayers || uncles > 32)
    throw new Error('uncles');
  const answer = choices.rest();
  const remaining = number();
  const proven = accepted(CodedError, () => foldRange(range, answer, remaining));
  if (proven && proven.hashes.length !== length * 32) throw new Error('fewer hashes than were asked for');
}

function rightOrChanged(choices: Choices): void {
  const baseLayer = choices.below(5);
  const height = 1 + choices.below(7);
  const width = 2 ** height;
  const count = 1 + choices.below(width);
  const seed = choices.below(256);
  const layers = layersOf(baseLayer, height, count, seed);
  const [base, root] = [layers[0] as Uint8Array[], layers[height]?.[0] as Uint8Array];
  const length = 2 ** (1 + choices.below(height));
  const index = choices.below(width / length) * length;
  const top = Math.log2(length);
  // Up to the root, as a fetcher asks.
  const proofLayers = length === width ? 0 : height - 1;
  const range: HashRange = { piecesRoot: root, baseLayer, index, length, proofLayers };
  if (!isHashRange(range, baseLayer + height)) throw new Error('a good range is refused');
  const uncles: Uint8Array[] = [];
  for (let level = top, at = index / length; level < height; level += 1, at >>= 1) {
    uncles.push(layers[level]?.[at ^ 1] as Uint8Array);
  }
  if (uncles.length !== uncleCount(range)) throw new Error('the number of uncles');
  const hashes = base.slice(index, index + length);
  const remaining = count - index;
  const isShort = remaining > 0 && remaining < length && choices.below(2) === 1;
  const answer = Buffer.concat([...(isShort ? hashes.slice(0, remaining) : hashes), ...uncles]);
  const proven = foldRange(range, answer, remaining);
  if (!proven || proven.level !== baseLayer + height) throw new Error('a right answer is refused');
  mustEqual(proven.ancestor, root, 'the root');
  mustEqual(proven.hashes, Buffer.concat(hashes), 'the hashes');
  const changed = change(answer, choices);
  if (equalBytes(changed, answer)) return;
  const lie = foldRange(range, changed, remaining);
  if (!lie || !equalBytes(lie.ancestor, root)) return;
  mustEqual(lie.hashes, Buffer.concat(hashes), 'other hashes that lead to the root');
}

function change(answer: Uint8Array, choices: Choices): Uint8Array {
  const kind = choices.below(4);
  if (kind === 0) return answer.subarray(0, choices.uint32() % (answer.length + 1));
  if (kind === 1) return Buffer.concat([answer, choices.take(choices.below(65))]);
  const changed = answer.slice();
  const at = choices.uint32() % changed.length;
  changed[at] = (changed[at] as number) ^ choices.below(256);
  if (kind === 3) changed.copyWithin(0, (choices.below(8) * 32) % changed.length);
  return changed;
}

/** All layers of a tree, padding included, from the base layer up; plain words of BEP 52. */
function layersOf(baseLayer: number, height: number, count: number, seed: number): Uint8Array[][] {
  let pad: Uint8Array = new Uint8Array(32);
  for (let level = 0; level < baseLayer; level += 1) pad = sha256(pad, pad);
  const base = Array.from({ length: 2 ** height }, (_, at) =>
    at < count ? sha256(Uint8Array.of(seed, at)) : pad,
  );
  const layers = [base];
  for (let level = 0; level < height; level += 1) {
    const below = layers[level] as Uint8Array[];
    layers.push(
      Array.from({ length: below.length / 2 }, (_, at) =>
        sha256(below[at * 2] as Uint8Array, below[at * 2 + 1] as Uint8Array),
      ),
    );
  }
  return layers;
}

function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
