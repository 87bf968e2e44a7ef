import { hash } from 'node:crypto';
import { createLogTreeHasher } from '../merkle/index.ts';

/** The tree's hashes by `node:crypto`. */
export const nodeHasher = createLogTreeHasher((bytes) => hash('sha256', bytes, 'buffer'));
