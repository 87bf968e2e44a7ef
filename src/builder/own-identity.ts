import { nextKeyDigest } from '../statement/index.ts';
import { identityOf, type Tally } from '../tally/index.ts';
import { BuilderError } from './errors.ts';

/**
 * The builder that a key signs for now, by its first key; nothing when the log knows none. Throws `bad-state` when it
 * was a builder's key and is no longer: nothing that it signs would be taken.
 */
export function ownIdentity(tally: Tally, key: string): string | undefined {
  const identity = identityOf(tally, key);
  const builder = tally.builders.get(identity ?? tally.rotatedKeys.get(key) ?? key);
  if (builder === undefined) return undefined;
  const { revoked, currentKey } = builder.life;
  if (revoked !== undefined) {
    throw new BuilderError(
      'bad-state',
      `builder ${builder.key} was revoked in entry ${revoked.index}, for ever: make a new key`,
    );
  }
  if (identity !== undefined) return identity;
  throw new BuilderError(
    'bad-state',
    `builder ${builder.key} has rotated to the key ${currentKey}: run it with that one`,
  );
}

/**
 * The builder that has a key now, or committed to it as its next one, by its first key. Anybody can commit to a key of
 * somebody else: `wanted` says which builder is meant then. Throws `refused` when there is none, or several.
 */
export function builderWithKey(tally: Tally, key: string, wanted?: string): string {
  const digest = nextKeyDigest(key, tally.context.sha256);
  const found = [...tally.builders.values()].filter(
    ({ key: identity, life, predicate }) =>
      (wanted === undefined || wanted === identity) &&
      life.revoked === undefined &&
      (life.currentKey === key || predicate.nextKey === digest),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.key;
  throw new BuilderError(
    'refused',
    only === undefined
      ? `no builder of this log that is not revoked has the key ${key}, or committed to it as its next one`
      : `${found.length} builders of this log committed to the key ${key}: say which is yours by --builder KEY`,
  );
}
