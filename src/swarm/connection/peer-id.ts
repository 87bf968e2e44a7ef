import { randomFillSync } from 'node:crypto';
import { brandBytes, type PeerId } from '../../bytes/index.ts';

/**
 * `-BQ0100-` and twelve random characters (BEP 20). No list of clients that we know maps BQ to another one; it is 0100
 * for version 0.1.0.
 */
export function createPeerId(): PeerId {
  const id = new Uint8Array(20);
  id.set(new TextEncoder().encode('-BQ0100-'));
  const letters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_';
  const random = randomFillSync(new Uint8Array(12));
  for (const [at, byte] of random.entries()) id[8 + at] = letters.charCodeAt(byte & 63);
  return brandBytes('PeerId', id);
}
