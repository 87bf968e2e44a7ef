import type { RequestHandler } from 'express';
import { ServiceError } from '../errors.ts';

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whatever may stand in a `Host` header: a name, or an address, and a port. */
const HOST = /^(?:[a-z0-9._-]{0,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Whether a listening address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * The defence of a tally on loopback against DNS rebinding (CVE-2018-5702): a page of the open web may point a name
 * of its own at 127.0.0.1, but its requests then carry that name in `Host`. Only loopback's own names and the
 * public URL's are answered; others get 421, as does everywhere what is no host at all.
 */
export function hostGuard(listenHost: string, publicUrl: URL): RequestHandler {
  const publicHost = publicUrl.host.toLowerCase();
  return (request, _response, next) => {
    const host = request.headers.host?.toLowerCase() ?? '';
    const isOwn = host === publicHost || LOOPBACK_HOST.test(host);
    if (isOwn || (!isLoopback(listenHost) && HOST.test(host))) next();
    else
      next(new ServiceError('wrong-host', 'This tally does not answer to that Host; use its own address.'));
  };
}
