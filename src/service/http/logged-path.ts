/**
 * A request's path as logs may hold it: without its query, which holds peer ids and client keys, and without the
 * token of a builder's own announce URL, which is a secret: neither in its place nor in another by a slip.
 */
export function loggedPath(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  return path
    .replace(/\/announce\/+[^/]+/gi, '/announce/<token>')
    .replaceAll(/(?<=\/)[A-Za-z0-9_-]{43}(?=\/|$)/g, '<token>')
    .slice(0, 200);
}
