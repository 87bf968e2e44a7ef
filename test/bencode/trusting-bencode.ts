/**
 * A bencode that believes every length, as npm's does, so that the tests of fault 1 are seen to notice a process
 * that hangs. A negative length moves the reader back, and the same list item is read for ever.
 */
import { encode } from '../../src/bencode/drop-in/index.ts';

function decode(data: Uint8Array): unknown {
  const text = Buffer.from(data).toString('latin1');
  let at = 0;
  const value = (): unknown => {
    const first = text[at];
    if (first === 'i') {
      const end = text.indexOf('e', at);
      const number = Number(text.slice(at + 1, end));
      at = end + 1;
      return number;
    }
    if (first === 'l' || first === 'd') {
      at += 1;
      const items: unknown[] = [];
      while (text[at] !== 'e') items.push(value());
      at += 1;
      return first === 'l' ? items : Object.fromEntries(inPairs(items));
    }
    const colon = text.indexOf(':', at);
    const start = colon + 1;
    at = start + Number(text.slice(at, colon));
    return Buffer.from(text.slice(start, at), 'latin1');
  };
  return value();
}

function inPairs(items: readonly unknown[]): [string, unknown][] {
  return Array.from({ length: items.length / 2 }, (_, index) => [
    String(items[index * 2]),
    items[index * 2 + 1],
  ]);
}

export { decode, encode };
export default { decode, encode };
