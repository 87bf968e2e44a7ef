/**
 * The path and query of a request's target. A target may be a whole URL (RFC 9112 §3.2.2); one that names no path becomes
 * `*`, which is nothing here: Express would pass it by all handlers, the guards among them.
 */
export function targetPath(target: string): string {
  if (target.startsWith('/')) return target;
  if (!URL.canParse(target)) return '*';
  const { pathname, search } = new URL(target);
  return pathname.startsWith('/') ? `${pathname}${search}` : '*';
}
