/** The parts of a package URL that a person reads. */
export interface PackageWords {
  /** `npm`, `deb`, …; empty when the text is no package URL. */
  readonly type: string;
  /** Namespace and name, percent-decoded: `@noble/hashes`. */
  readonly name: string;
  readonly version: string;
  /** `arch=amd64`, … */
  readonly qualifiers: readonly string[];
}

/**
 * Splits a canonical package URL (`pkg:npm/%40noble/hashes@2.0.1`) for display. Never throws: what is no
 * package URL is shown whole, as its name.
 */
export function packageWords(purl: string): PackageWords {
  const match = /^pkg:([a-zA-Z0-9.+-]+)\/([^?#]+)(?:\?([^#]*))?/.exec(purl);
  if (!match) return { type: '', name: purl, version: '', qualifiers: [] };
  const [, type = '', path = '', query = ''] = match;
  const at = path.lastIndexOf('@');
  const name = at > 0 ? path.slice(0, at) : path;
  return {
    type,
    name: decode(name),
    version: at > 0 ? decode(path.slice(at + 1)) : '',
    qualifiers: query === '' ? [] : query.split('&').map(decode),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not percent-encoding: it is shown as it stands
  }
}
