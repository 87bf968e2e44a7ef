import { equalBytes } from '../bytes/index.ts';
import type { TallyClient } from '../client/index.ts';
import { formatStateNote, signNote } from '../note/index.ts';
import type { Signer } from '../statement/index.ts';
import type { CheckedState } from './counting.ts';

/** Signs each `state` that was recomputed, once, and gives the signature to the tally. */
export class StateSigning {
  readonly #client: TallyClient;
  readonly #origin: string;
  readonly #signer: Signer;
  #given: CheckedState | undefined;

  constructor(client: TallyClient, origin: string, signer: Signer) {
    this.#client = client;
    this.#origin = origin;
    this.#signer = signer;
  }

  /** Resolves to whether there was something to sign; rejects when the tally did not take it, and it is tried again. */
  async sign(state: CheckedState, signal: AbortSignal): Promise<boolean> {
    const given = this.#given;
    if (given?.index === state.index && equalBytes(given.root, state.root)) return false;
    const note = signNote(formatStateNote({ origin: this.#origin, ...state }), [this.#signer]);
    await this.#client.putStateSignature(state.index, note, { signal });
    this.#given = state;
    return true;
  }
}
