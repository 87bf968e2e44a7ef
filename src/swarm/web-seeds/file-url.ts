/** What decides where a web seed has a torrent's files. */
export interface NamedContent {
  readonly name: string;
  /** A folder called `name`; `false` for one file called `name`. */
  readonly isTree: boolean;
}

/**
 * Where a web seed has a file (BEP 19): the URL itself is a single-file torrent's file, unless it ends with `/`; then,
 * and for a folder always, it is where the content stands under its name. Path elements are percent-encoded; a query
 * stays behind the path.
 *
 * @example
 * fileUrl('http://mirror.example/pub/', { name: 'linux', isTree: true }, ['docs', 'a b.txt']);
 * // http://mirror.example/pub/linux/docs/a%20b.txt
 */
export function fileUrl(base: string, { name, isTree }: NamedContent, path: readonly string[]): string {
  const url = new URL(base);
  if (!isTree && !url.pathname.endsWith('/')) return url.href;
  const folder = url.pathname.replace(/\/?$/, '/');
  url.pathname = folder + [name, ...(isTree ? path : [])].map(encodeURIComponent).join('/');
  return url.href;
}

/** A web seed's name for messages: its URL without what may be secret, a user's name, password or query. */
export function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `web seed ${origin}${pathname}`;
}
