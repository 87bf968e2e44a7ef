/** A JSON object with so many keys. */
export function hasKeys(json: unknown, count: number): json is Record<string, unknown> {
  return (
    typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).length === count
  );
}

/** What the schema `hex32` says. */
export function isHex32(json: unknown): json is string {
  return typeof json === 'string' && HEX_32.test(json);
}

export const HEX_32 = /^[0-9a-f]{64}$/;
