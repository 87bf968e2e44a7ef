import { fromBase64 } from '../bytes/index.ts';
import { cosignatureTimestamp, NoteError, openCosignedCheckpoint } from '../note/index.ts';
import { type Statement, verifyEd25519, verifyMlDsa44 } from '../statement/index.ts';
import type { Tally } from '../tally/index.ts';
import type { SignedView } from './signed-view.ts';

/** How much later than the first cosigned checkpoint that could have drawn a lot its seed may be. */
const LATE_SECONDS = 10 * 60;
/** Checkpoints that are remembered, the oldest first; beyond, only lots that waited for longer are not noticed. */
const MOST_HEADS = 256;
const KEY_ID_BYTES = 4;

/** A checkpoint that the log published with good cosignatures by witnesses of its policy. */
interface PublishedHead {
  readonly size: number;
  readonly note: Uint8Array;
  /** Witness's vkey → when it cosigned, seconds since 1970. */
  readonly cosigned: ReadonlyMap<string, number>;
}

/** A lot that was drawn by a later checkpoint than it had to be. */
interface LateSeed {
  readonly message: string;
  /** The checkpoint that would have done. */
  readonly earlier: Uint8Array;
}

/**
 * What a log published that could have drawn a lot. The count takes any cosigned checkpoint that holds what asks for a
 * lot: which one came first stands in no entry. An operator that waits for another one, and asks witnesses again until
 * a lot suits it, is seen by who saw an earlier one.
 */
export class PublishedHeads {
  readonly #heads: PublishedHead[] = [];

  /** Remembers a checkpoint that the log showed, if witnesses of the policy in force cosigned it. */
  note({ note, size }: SignedView, tally: Tally, logKey: string): void {
    const { keys = [], quorum = 0 } = tally.policy?.rules.witnesses ?? {};
    if (quorum === 0 || this.#heads.at(-1)?.size === size) return;
    try {
      const verify = { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 };
      const { cosigners } = openCosignedCheckpoint(note, logKey, keys, verify);
      const cosigned = new Map(cosigners.map(({ vkey, timestamp }) => [vkey, timestamp]));
      if (cosigned.size >= quorum) this.#heads.push({ size, note, cosigned });
    } catch (error) {
      if (!(error instanceof NoteError)) throw error; // a wrong cosignature draws no lot
    }
    if (this.#heads.length > MOST_HEADS) this.#heads.shift();
  }

  /** Whether the seed of an `open` or `canary` that is about to be counted is later than it had to be. */
  late(tally: Tally, statement: Statement): LateSeed | undefined {
    if (statement.kind !== 'open' && statement.kind !== 'canary') return undefined;
    const { seed, release: digest } = statement.predicate;
    const release = tally.releases.get(digest);
    const asks = statement.kind === 'open' ? release?.place : release?.canaryPlan?.place;
    if (seed === null || release === undefined || asks === undefined) return undefined;
    const { keys, quorum } = release.rules.witnesses;
    const earlier = this.#heads.find(
      ({ size, cosigned }) => size > asks.index && keys.filter((key) => cosigned.has(key)).length >= quorum,
    );
    if (earlier === undefined) return undefined;
    const times = seed.cosignatures.map((text) =>
      cosignatureTimestamp(fromBase64(text).subarray(KEY_ID_BYTES)),
    );
    const behind = Math.min(...times) - Math.max(...earlier.cosigned.values());
    if (behind <= LATE_SECONDS) return undefined;
    const message =
      `the lot that entry ${asks.index} asks for was drawn by cosignatures ${behind} s younger than those of a ` +
      `checkpoint of ${earlier.size} entries that held it and was shown before: the operator may have chosen`;
    return { message, earlier: earlier.note };
  }
}
