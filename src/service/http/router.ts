import { Router } from 'express';

/** A router that takes paths as they are written: no final slash too many, no other case. The app's settings do not reach it. */
export function exactRouter(): Router {
  return Router({ strict: true, caseSensitive: true });
}
