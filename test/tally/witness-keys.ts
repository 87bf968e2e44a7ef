import { fromHex, toBase64, toHex } from '../../src/bytes/index.ts';
import {
  cosignedMessage,
  encodeCosignature,
  formatCheckpoint,
  formatCosignerVkey,
  parseCosignerVkey,
} from '../../src/note/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { ORIGIN, type World } from './world.ts';

/** A witness that cosigns whatever it is shown: what a witness checks has its own tests. */
export class TestWitness {
  readonly vkey: string;
  readonly #key = generateKey('witness');

  constructor(name: string) {
    this.vkey = formatCosignerVkey(name, 'ed25519', fromHex(this.#key.key));
  }

  /** The cosignature of a head, as the seed of an `open` lists it. */
  cosign(size: number, root: string, timestamp = 1_790_000_000, origin = ORIGIN): string {
    const { name, keyId, algorithm } = parseCosignerVkey(this.vkey);
    const text = formatCheckpoint({ origin, size, root: fromHex(root), extensions: [] });
    const signature = this.#key.sign(cosignedMessage({ name, algorithm }, text, timestamp));
    const bytes = encodeCosignature(timestamp, signature);
    return toBase64(fromHex(`${keyId}${toHex(bytes)}`));
  }
}

/** Publishes a checkpoint of everything that a world has logged, cosigned by some witnesses. */
export function publish(world: World, witnesses: readonly TestWitness[], timestamp?: number): void {
  const size = world.entries.length;
  const root = size.toString(16).padStart(64, '0');
  world.head = {
    size,
    root,
    cosignatures: witnesses.map((witness) => witness.cosign(size, root, timestamp)),
  };
}
