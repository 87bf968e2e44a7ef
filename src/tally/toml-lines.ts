/** The line (from 1) on which each key of a TOML text stands, by its path: `windows.voteFloorSeconds`. */
export type TomlLines = ReadonlyMap<string, number>;

const HEADER = /^\s*(\[\[?)([^\]]+)\]\]?\s*(?:#.*)?$/;
const KEY =
  /^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$/;
const STRING_OR_COMMENT = /"(?:[^"\\]|\\.)*"|'[^']*'|#.*$/g;

/**
 * Finds the lines of tables, of keys, and of the elements of arrays that stand on several lines. Made for
 * messages, from texts that are TOML already: what it does not understand (inline tables, strings of several
 * lines) it leaves out or counts to the key before.
 */
export function tomlLines(text: string): TomlLines {
  const lines = new Map<string, number>();
  const tables = new Map<string, number>();
  let table = '';
  /** The array that is still open, and how many of its elements were seen. */
  let open: { readonly path: string; depth: number; elements: number } | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const number = at + 1;
    let rest = line;
    if (open === undefined) {
      const [, bracket, header = ''] = HEADER.exec(line) ?? [];
      if (bracket !== undefined) {
        table = pathOf(header);
        if (bracket === '[[') {
          const seen = tables.get(table) ?? 0;
          tables.set(table, seen + 1);
          table = `${table}.${seen}`;
        }
        lines.set(table, number);
        continue;
      }
      const [, key, value = ''] = KEY.exec(line) ?? [];
      if (key === undefined) continue;
      const path = [table, pathOf(key)].filter((part) => part !== '').join('.');
      lines.set(path, number);
      open = { path, depth: 0, elements: 0 };
      rest = value;
    }
    const depth: number = open.depth + depthOf(rest);
    const elements = rest.match(STRING_OR_COMMENT)?.filter((found) => !found.startsWith('#')) ?? [];
    for (const _ of open.depth > 0 || depth > 0 || elements.length > 1 ? elements : []) {
      lines.set(`${open.path}.${open.elements}`, number);
      open.elements += 1;
    }
    open.depth = depth;
    if (depth <= 0) open = undefined;
  }
  return lines;
}

/** The line of a path, or of the nearest thing around it that has one. */
export function lineOf(lines: TomlLines, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const line = lines.get(path.slice(0, length).map(String).join('.'));
    if (line !== undefined) return line;
  }
  return undefined;
}

function pathOf(key: string): string {
  return key
    .split('.')
    .map((part) => part.trim().replace(/^["']|["']$/g, ''))
    .join('.');
}

/** How many brackets a piece of TOML opens more than it closes, outside strings and comments. */
function depthOf(piece: string): number {
  const bare = piece.replace(STRING_OR_COMMENT, '');
  return bare.split('[').length - bare.split(']').length;
}
