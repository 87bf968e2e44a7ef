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
  let pairs = '';
  for (const key of Object.keys(value).sort()) {
    const inner = value[key];
    if (inner === undefined) continue;
    pairs += `${pairs === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${pairs}}`;
}

function isList(value: object): value is readonly PlainValue[] {
  return Array.isArray(value);
}
