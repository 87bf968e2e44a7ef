import type { BencodeNode } from '../bencode/index.ts';

/** A dictionary's value under a key when it is an integer that JavaScript counts exactly. */
export function integerAt(node: BencodeNode, key: string): number | undefined {
  const value = node.get(key);
  // Sixteen digits and the two markers hold every safe integer; longer ones are certainly beyond.
  if (value?.kind !== 'integer' || value.end - value.start > 19) return undefined;
  const number = Number(asciiOf(value.raw.subarray(1, -1)));
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A dictionary's value under a key when it is a string. */
export function bytesAt(node: BencodeNode, key: string): Uint8Array | undefined {
  const value = node.get(key);
  return value?.kind === 'bytes' ? value.bytes() : undefined;
}

/** A dictionary's value under a key when it is a dictionary. */
export function dictionaryAt(node: BencodeNode, key: string): BencodeNode | undefined {
  const value = node.get(key);
  return value?.kind === 'dictionary' ? value : undefined;
}

/** A dictionary's value under a key when it is a list. */
export function listAt(node: BencodeNode, key: string): BencodeNode | undefined {
  const value = node.get(key);
  return value?.kind === 'list' ? value : undefined;
}

function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
