import { join } from 'node:path';
import { makeLastingFolders, readNamed, replaceFile } from '../files/index.ts';
import { formatProvedState, PROOF_BUNDLE_LIMITS, type ProvedState, parseProvedState } from '../log/index.ts';
import type { Tally } from '../tally/index.ts';
import { copyNumbered, numbersIn } from './numbered-files.ts';
import { vouchersBy } from './proofs/vouching.ts';

const ENDING = 'state';

/**
 * For each policy the `state` by which the monitors of the policy before vouched for it, a file each: proofs show them for
 * ever, and nobody could make them anew.
 */
export class Vouchers {
  readonly #folder: string;
  readonly #states = new Map<number, ProvedState>();
  /** The write that is on its way; one at a time. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws `bad-proof` for a file that is none of its own. */
  static async open(folder: string): Promise<Vouchers> {
    const vouchers = new Vouchers(folder);
    await makeLastingFolders(folder);
    for (const policy of await numbersIn(folder, ENDING)) {
      const bytes = await readNamed(join(folder, nameOf(policy)));
      vouchers.#states.set(policy, parseProvedState(bytes, PROOF_BUNDLE_LIMITS));
    }
    return vouchers;
  }

  /** The state that vouches for the policy of an entry; undefined while none does. */
  get(policy: number): ProvedState | undefined {
    return this.#states.get(policy);
  }

  /** Keeps what a state with the signatures on its note vouches for, the first time; it is on the disk once this resolves. */
  async take(tally: Tally, index: number, note: Uint8Array): Promise<void> {
    const before = this.#writing;
    const { promise: written, resolve: end } = Promise.withResolvers<void>();
    this.#writing = written;
    await before;
    try {
      for (const { policy, voucher } of vouchersBy(tally, index, note)) {
        if (this.#states.has(policy)) continue;
        await replaceFile(join(this.#folder, nameOf(policy)), formatProvedState(voucher));
        this.#states.set(policy, voucher);
      }
    } finally {
      end();
    }
  }
}

/** Copies what a folder keeps into another one, which is made if there is anything. */
export function copyVouchers(from: string, to: string): Promise<void> {
  return copyNumbered(from, to, ENDING);
}

function nameOf(policy: number): string {
  return `${policy}.${ENDING}`;
}
