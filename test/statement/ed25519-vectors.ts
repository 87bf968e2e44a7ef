import { readFileSync } from 'node:fs';
import { toHex, toUtf8 } from '../../src/bytes/index.ts';

/** A public key, a message and a signature, all in hex, and whether they go together. */
export interface Ed25519Vector {
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly good: boolean;
  readonly note: string;
}

/** Every vector of Wycheproof for Ed25519. */
export function wycheproof(): Ed25519Vector[] {
  const { rows } = vectors('ed25519-wycheproof.json') as {
    rows: [string, string, string, boolean, string][];
  };
  return rows.map(([key, message, signature, good, note]) => ({ key, message, signature, good, note }));
}

/**
 * Every vector of CCTV for Ed25519: points of small order and mixed order, in canonical and other encodings. The strict
 * rule takes those with no flag but that a point has a component of small order, which makes no key weak.
 */
export function edgePoints(): Ed25519Vector[] {
  const { flags, messages, keys, points, rows } = vectors('ed25519-edge-points.json') as {
    flags: string[];
    messages: string[];
    keys: string[];
    points: string[];
    rows: [key: number, message: number, point: number, s: string, flags: number][];
  };
  return rows.map(([key, message, point, s, bits]) => {
    const has = flags.filter((_, at) => ((bits >> at) & 1) === 1);
    return {
      key: keys[key] ?? '',
      message: toHex(toUtf8(messages[message] ?? '')),
      signature: `${points[point]}${s}`,
      good: has.every((flag) => flag.startsWith('low_order_component_')),
      note: has.join(' '),
    };
  });
}

function vectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`vectors/${name}`, import.meta.url), 'utf8'));
}
