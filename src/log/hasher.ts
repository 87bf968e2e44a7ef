import { createLogTreeHasher } from '../merkle/index.ts';
import { sha256 } from '../statement/index.ts';

/** The tree's hashes by `node:crypto`. */
export const nodeHasher = createLogTreeHasher(sha256);
