/** Path bytes for a message: as JSON text, joined by slashes, what is not UTF-8 replaced, at most 200 characters. */
export function quotePath(path: readonly Uint8Array[]): string {
  const text = path.map((element) => new TextDecoder().decode(element)).join('/');
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
