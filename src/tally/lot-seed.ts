import { concatBytes, fromBase64, fromHex, toHex, toUtf8 } from '../bytes/index.ts';
import { cosignatureTimestamp, cosignedMessage, formatCheckpoint, parseCosignerVkey } from '../note/index.ts';
import type { PolicyRules, Predicate, Statement } from '../statement/browser.ts';
import type { Moment } from './life.ts';
import { type Refusal, refuse } from './refusal.ts';
import { seedOfEntry } from './seed.ts';
import type { Entry, ReleaseState, Tally } from './state.ts';

/** What an `open` or a `canary` says its lot was drawn by. */
export type LotSeed = NonNullable<Predicate<'open'>['seed']>;

/** A cosignature in the seed of a lot, by a witness of the policy: to be verified by Ed25519. */
export interface SeedCosignature {
  /** As the seed lists it: base64 of key id, timestamp and signature. */
  readonly text: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** What carries the seed of a lot. */
type Seeded = { readonly kind: 'open' | 'canary'; readonly predicate: { readonly seed: LotSeed | null } };

const KEY_ID_BYTES = 4;
const HEAD_BYTES = 12;

/**
 * The cosignatures to verify before an entry is counted: those of the seed of an `open` or `canary` by witnesses of
 * the policy that its release keeps. Those that are good are handed to the count as {@link Entry.witnessed}.
 */
export function seedCosignatures(tally: Tally, statement: Statement): SeedCosignature[] {
  if ((statement.kind !== 'open' && statement.kind !== 'canary') || statement.predicate.seed === null)
    return [];
  const release = tally.releases.get(statement.predicate.release);
  if (release === undefined) return [];
  const { size, root, cosignatures } = statement.predicate.seed;
  const text = formatCheckpoint({ origin: tally.context.origin, size, root: fromHex(root), extensions: [] });
  const witnesses = new Map(
    release.rules.witnesses.keys.map((vkey) => {
      const key = parseCosignerVkey(vkey);
      return [key.keyId, key];
    }),
  );
  return cosignatures.flatMap((cosignature) => {
    const bytes = fromBase64(cosignature);
    const witness = witnesses.get(toHex(bytes.subarray(0, KEY_ID_BYTES)));
    const timestamp = cosignatureTimestamp(bytes.subarray(KEY_ID_BYTES));
    if (witness === undefined || timestamp === 0) return [];
    const message = cosignedMessage(witness, text, timestamp);
    return [
      { text: cosignature, publicKey: witness.publicKey, message, signature: bytes.subarray(HEAD_BYTES) },
    ];
  });
}

/** {@link seedCosignatures}, verified, as the field of an entry; nothing for entries without any. */
export function witnessedOf(
  tally: Tally,
  statement: Statement,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
): Pick<Entry, 'witnessed'> {
  const good = seedCosignatures(tally, statement)
    .filter(({ publicKey, message, signature }) => verify(publicKey, message, signature))
    .map(({ text }) => text);
  return good.length === 0 ? {} : { witnessed: good };
}

/** What may ask for a lot: a release, for its panel and for its canary groups. */
type Asking = Pick<ReleaseState, 'rules'>;

/** Whether the lot of a release waits for witnesses: its policy names some. */
export function isWitnessed(release: Asking): boolean {
  return release.rules.witnesses.quorum > 0;
}

/**
 * Why an `open` or `canary` draws nothing: where the policy names witnesses, its seed is a checkpoint of this log that
 * holds the entry that asks for the lot, with good cosignatures by a quorum of them, each once, and with nothing else
 * that could be varied.
 */
export function judgeSeed(
  rules: PolicyRules,
  place: Pick<Moment, 'index'>,
  { kind, predicate: { seed } }: Seeded,
  { index, witnessed = [] }: Pick<Entry, 'index' | 'witnessed'>,
): Refusal | undefined {
  const { quorum } = rules.witnesses;
  if (quorum === 0) return undefined;
  if (seed === null) return refuse('wrong-content', `${kind} has no seed, and the policy names witnesses`);
  if (seed.size <= place.index || seed.size > index) {
    return refuse(
      'wrong-content',
      `a checkpoint of ${seed.size} entries is no seed for what entry ${place.index} asks`,
    );
  }
  const bad = seed.cosignatures.find((cosignature) => !witnessed.includes(cosignature));
  if (bad !== undefined)
    return refuse('wrong-content', `the cosignature ${bad.slice(0, 12)}… is by no witness of the policy`);
  const witnesses = new Set(seed.cosignatures.map(keyIdOf));
  if (witnesses.size !== seed.cosignatures.length)
    return refuse('wrong-content', 'a witness cosigned the seed twice');
  if (witnesses.size >= quorum) return undefined;
  return refuse(
    'wrong-content',
    `${witnesses.size} witnesses cosigned the seed, and the policy asks for ${quorum}`,
  );
}

/**
 * What the panel of a release is drawn by. By witnesses: `SHA-256("bitquorum/lot/v2\0" ‖ SHA-256(origin) ‖` each
 * cosignature of the seed as listed`)`. Without: the place of the release's own entry, which the operator of the
 * log chooses within its clock's play.
 */
export function lotSeed(tally: Tally, { digest, place, seed }: ReleaseState): Uint8Array {
  return seedOf(tally, 'lot', digest, place, seed);
}

/** {@link lotSeed}, for the groups of canaries: `bitquorum/canary/…` stands first, and the place is that of `close`. */
export function canarySeed(tally: Tally, release: string, close: Moment, seed: LotSeed | null): Uint8Array {
  return seedOf(tally, 'canary', release, close, seed);
}

function seedOf(
  tally: Tally,
  lot: 'lot' | 'canary',
  release: string,
  place: Moment,
  seed: LotSeed | null,
): Uint8Array {
  const { sha256, origin } = tally.context;
  const drawn =
    seed === null
      ? seedOfEntry(tally, `bitquorum/${lot}/v1\0`, place)
      : sha256(
          concatBytes(
            toUtf8(`bitquorum/${lot}/v2\0`),
            sha256(toUtf8(origin)),
            ...seed.cosignatures.map(fromBase64),
          ),
        );
  return sha256(concatBytes(drawn, fromHex(release)));
}

/** A checkpoint with cosignatures, as the log shows it now. */
export type CosignedHead = LotSeed;

/**
 * The seed that an `open` or `canary` carries, made of a cosigned checkpoint: the cosignatures by witnesses of the
 * policy, one each, no more than the quorum. Undefined while there are too few, or the checkpoint does not hold the
 * entry that asks.
 */
export function seedFrom(
  rules: PolicyRules,
  place: Pick<Moment, 'index'>,
  head: CosignedHead | undefined,
): LotSeed | undefined {
  const { keys, quorum } = rules.witnesses;
  if (head === undefined || head.size <= place.index) return undefined;
  const chosen = keys.flatMap((vkey) => {
    const { keyId } = parseCosignerVkey(vkey);
    return head.cosignatures.find((cosignature) => keyIdOf(cosignature) === keyId) ?? [];
  });
  if (chosen.length < quorum) return undefined;
  return { size: head.size, root: head.root, cosignatures: chosen.slice(0, quorum).sort() };
}

function keyIdOf(cosignature: string): string {
  return toHex(fromBase64(cosignature).subarray(0, KEY_ID_BYTES));
}
