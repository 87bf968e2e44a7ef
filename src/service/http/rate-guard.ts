import type { RequestHandler } from 'express';
import { addressGroup } from '../address.ts';
import { ServiceError } from '../errors.ts';
import type { RateClass } from '../limits.ts';
import type { RateLimiter } from '../rate-limit.ts';
import type { ClientAddress } from './client-address.ts';

/** Makes the guard of one class of requests: 429 with `Retry-After` when an address asks too often. */
export function rateGuard(
  limiter: RateLimiter,
  addressOf: ClientAddress,
  nowMs: () => number,
): (rateClass: RateClass) => RequestHandler {
  return (rateClass) => (request, _response, next) => {
    const waitSeconds = limiter.take(addressGroup(addressOf(request)), rateClass, nowMs());
    if (waitSeconds === 0) {
      next();
      return;
    }
    const words = `Your address asks too often; come back in ${waitSeconds} s.`;
    next(new ServiceError('too-many-requests', words, { retryAfterSeconds: waitSeconds }));
  };
}
