import { ClientError } from './errors.ts';
import {
  type Resolution,
  type ResolveOptions,
  requireWinner,
  resolveRelease,
  type Winner,
} from './resolve.ts';
import { openCheckpoint } from './seen-checkpoint.ts';
import type { TallyClient } from './tally-client.ts';

/** A tally, and the verifier key of its log. */
export interface TallyPlace {
  readonly client: TallyClient;
  readonly logKey: string;
}

/**
 * Resolves a release at every tally, each on the level that was asked for. Throws `mismatch` when two of them name
 * different winners, and `no-winner` when one has none. Answers what the first says.
 */
export async function resolveEverywhere(
  places: readonly TallyPlace[],
  name: string,
  options: Omit<ResolveOptions, 'logKey'>,
): Promise<Winner> {
  requireComparable(places, name);
  const found = new Map<TallyPlace, Winner>();
  for (const place of await smallestFirst(places, options.signal)) {
    const resolution: Resolution = await resolveRelease(place.client, name, {
      ...options,
      logKey: place.logKey,
    });
    found.set(place, requireWinner(resolution, options));
  }
  const [first, ...others] = places.map((place) => ({ place, winner: found.get(place) }));
  if (first?.winner === undefined) throw new ClientError('no-tally-url', 'no tally is named');
  for (const { place, winner } of others) {
    if (winner?.group.infoHashV2 === first.winner.group.infoHashV2) continue;
    throw new ClientError(
      'mismatch',
      `the tallies disagree about ${name}: ${first.place.client.base.origin} says ` +
        `${first.winner.group.infoHashV2}, ${place.client.base.origin} says ${winner?.group.infoHashV2}. ` +
        'Nothing is installed; ask their operators',
    );
  }
  return first.winner;
}

function requireComparable(places: readonly TallyPlace[], name: string): void {
  const logs = new Set(places.map(({ logKey }) => logKey));
  if (logs.size < 2 || !/^[0-9a-f]{64}$/.test(name)) return;
  throw new ClientError(
    'no-release-name',
    'a release digest names a release of one log: give the package URL to compare tallies of different logs',
  );
}

/** Of tallies that show one log, the one that is behind is asked first: it is no rollback that another knows more. */
async function smallestFirst(
  places: readonly TallyPlace[],
  signal: AbortSignal,
): Promise<readonly TallyPlace[]> {
  if (places.length < 2) return places;
  const sized = await Promise.all(
    places.map(async (place) => {
      const { size } = openCheckpoint(await place.client.checkpoint({ signal }), place.logKey);
      return { place, size };
    }),
  );
  return sized.sort((left, right) => left.size - right.size).map(({ place }) => place);
}
