// Piece layers: a torrent whose layers were changed in any way is refused, and one with the right ones is taken.
import { createHash } from 'node:crypto';
import { type Encodable, encode } from '../../../src/bencode/index.ts';
import { toHex } from '../../../src/bytes/index.ts';
import { parseTorrent, TorrentError } from '../../../src/torrent/index.ts';
import { accepted, Choices } from '../support.ts';

interface Layer {
  key: Uint8Array;
  bytes: Uint8Array;
}

export function fuzz(bytes: Uint8Array): void {
  const choices = new Choices(bytes);
  const exponent = choices.below(4);
  const pieceLength = 16_384 * 2 ** exponent;
  const tree = new Map<string, Encodable>();
  const layers: Layer[] = [];
  const fileCount = 1 + choices.below(4);
  for (let file = 0; file < fileCount; file += 1) {
    const pieces = 1 + choices.below(40);
    // Hashes that all follow from one byte, so that files may share a root.
    const seed = choices.below(3);
    const layer = Buffer.concat(Array.from({ length: pieces }, (_, at) => sha256(Uint8Array.of(seed, at))));
    const root = rootOf(layer, exponent);
    const length = pieces * pieceLength - choices.below(256);
    tree.set(`file ${file}`, { '': { length, 'pieces root': root } });
    if (pieces > 1) layers.push({ key: root, bytes: layer });
  }
  const right = formOf(layers);
  const given = layers.map(({ key, bytes: layer }) => ({
    key: Uint8Array.from(key),
    bytes: Uint8Array.from(layer),
  }));
  const edits = choices.below(3);
  for (let edit = 0; edit < edits; edit += 1) change(given, choices);
  const info = { 'file tree': tree, 'meta version': 2, name: 'fuzz', 'piece length': pieceLength };
  const pieceLayers = new Map<Uint8Array, Encodable>();
  const isPresent = given.length > 0 || choices.below(2) === 0;
  // The last layer of a key stands, as in a map.
  for (const [key, layer] of formOf(given))
    pieceLayers.set(Buffer.from(key, 'hex'), Buffer.from(layer, 'hex'));
  const torrent = encode({ info, 'piece layers': isPresent ? pieceLayers : undefined });
  const metainfo = accepted(TorrentError, () => parseTorrent(torrent));
  const isRight = JSON.stringify(sorted(formOf(given))) === JSON.stringify(sorted(right));
  if ((metainfo !== undefined) !== isRight) {
    throw new Error(`layers ${isRight ? 'that are right were refused' : 'that were changed were taken'}`);
  }
}

function change(layers: Layer[], choices: Choices): void {
  const layer = layers[choices.below(Math.max(1, layers.length))];
  const kind = choices.below(8);
  if (kind === 0 || !layer) {
    layers.push({ key: choices.take(32), bytes: choices.take(choices.below(3) * 32) });
  } else if (kind === 1) layers.splice(layers.indexOf(layer), 1);
  else if (kind === 2) layer.bytes = layer.bytes.subarray(0, layer.bytes.length - choices.below(65));
  else if (kind === 3) layer.bytes = Buffer.concat([layer.bytes, choices.take(choices.below(65))]);
  else if (kind === 4) flip(layer.key, choices);
  else if (kind === 5) layer.key = layer.key.subarray(0, choices.below(33));
  else flip(layer.bytes, choices);
}

function flip(bytes: Uint8Array, choices: Choices): void {
  const at = choices.uint32() % Math.max(1, bytes.length);
  if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << choices.below(8));
}

function formOf(layers: readonly Layer[]): Map<string, string> {
  return new Map(layers.map(({ key, bytes }) => [toHex(key), toHex(bytes)]));
}

function sorted(map: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** The root by the words of BEP 52, padded hash by hash. */
function rootOf(layer: Uint8Array, exponent: number): Uint8Array {
  let pad: Uint8Array = new Uint8Array(32);
  for (let level = 0; level < exponent; level += 1) pad = sha256(pad, pad);
  let hashes = Array.from({ length: layer.length / 32 }, (_, at) => layer.subarray(at * 32, at * 32 + 32));
  while (!Number.isInteger(Math.log2(hashes.length))) hashes.push(pad);
  while (hashes.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < hashes.length; at += 2) {
      above.push(sha256(hashes[at] as Uint8Array, hashes[at + 1] as Uint8Array));
    }
    hashes = above;
  }
  return hashes[0] as Uint8Array;
}

function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
