/** What the values of the state map are made of. */
export type PlainValue =
  | string
  | number
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue | undefined };

/**
 * The one JSON text of a value: keys in ascending order of their UTF-16 units, no spaces, numbers whole; what is
 * undefined is left out.
 */
export function canonicalJson(value: PlainValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join()}]`;
  const pairs = Object.entries(value)
    .filter((pair): pair is [string, PlainValue] => pair[1] !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${pairs.join()}}`;
}

function isList(value: object): value is readonly PlainValue[] {
  return Array.isArray(value);
}
