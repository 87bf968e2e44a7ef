import { compareBytes, concatBytes, fromHex, toUtf8 } from '../bytes/index.ts';
import { clusterOfPrefix, type PolicyRules, type Predicate } from '../statement/browser.ts';
import type { BuilderState, Draw, Tally } from './state.ts';

const LABEL = toUtf8('bitquorum/lot/v1\0');

/** Where in the log a release stands: what the lot is drawn from. */
export interface Place {
  readonly index: number;
  readonly timeMs: number;
}

/**
 * Draws the panel of a release, as the log stands at the release's own entry: the policy's founders that are
 * registered for its platform, one a cluster, and of those the `panelSeats` with the lowest
 * `SHA-256(seed ‖ key ‖ release)`.
 *
 * `seed = SHA-256("bitquorum/lot/v1\0" ‖ SHA-256(origin) ‖ index ‖ timeMs)`, both numbers 8 bytes big-endian,
 * of the release's entry: a publisher cannot know them beforehand. The log's operator chooses them within its
 * clock's play and could try until a lot suits it; a seed from witnesses' cosignatures ends that.
 */
export function drawPanel(
  tally: Tally,
  rules: PolicyRules,
  release: Predicate<'release'>,
  digest: string,
  place: Place,
): Draw {
  const leftOut = new Map<string, string>();
  const registered: BuilderState[] = [];
  for (const key of rules.founders) {
    const builder = tally.builders.get(key);
    if (builder === undefined) leftOut.set(key, 'it registered after this release or not at all');
    else if (!servesPlatform(builder, release.platform)) {
      leftOut.set(key, `it is not registered for ${release.platform}`);
    } else registered.push(builder);
  }
  const candidates = onePerCluster(registered, leftOut);
  const seats = candidates
    .map(({ key }) => ({ key, lot: lotOf(tally, key, digest, place) }))
    .sort((left, right) => compareBytes(left.lot, right.lot));
  for (const { key } of seats.slice(rules.panelSeats)) {
    leftOut.set(key, `the lot gave its ${rules.panelSeats} seats to others`);
  }
  const panel = seats
    .slice(0, rules.panelSeats)
    .map(({ key }) => key)
    .sort();
  return { panel, onPanel: new Set(panel), quorum: quorumOf(rules, panel.length), leftOut };
}

/** Fewest votes that win: `minimumVotes`, or the majority of the panel's seats when that is more. */
export function quorumOf(rules: PolicyRules, seats: number): number {
  return Math.max(rules.minimumVotes, Math.floor(seats / 2) + 1);
}

function servesPlatform(builder: BuilderState, platform: string): boolean {
  return platform === 'any' || builder.predicate.platforms.includes(platform);
}

/**
 * One builder for each cluster: those that share an operator or a declared network (/24, IPv6 /32), directly
 * or by way of others. The one registered longest votes for it, so that nobody gains by joining a cluster.
 */
function onePerCluster(builders: readonly BuilderState[], leftOut: Map<string, string>): BuilderState[] {
  const byAge = [...builders].sort((left, right) => left.registeredIndex - right.registeredIndex);
  const clusters: { marks: Set<string>; members: BuilderState[] }[] = [];
  for (const builder of byAge) {
    const marks = new Set(marksOf(builder));
    const touching = clusters.filter((cluster) => [...marks].some((mark) => cluster.marks.has(mark)));
    const members = touching.flatMap((cluster) => cluster.members);
    for (const cluster of touching) {
      for (const mark of cluster.marks) marks.add(mark);
      clusters.splice(clusters.indexOf(cluster), 1);
    }
    clusters.push({ marks, members: [...members, builder] });
  }
  return clusters.map(({ members }) => {
    const [oldest, ...others] = members.sort((left, right) => left.registeredIndex - right.registeredIndex);
    for (const { key } of others) {
      leftOut.set(
        key,
        `${oldest?.predicate.operator} (${oldest?.key.slice(0, 8)}) has the one vote of its operator or network`,
      );
    }
    return oldest as BuilderState;
  });
}

function marksOf({ predicate }: BuilderState): string[] {
  return [`operator:${predicate.operator.toLowerCase()}`, ...predicate.prefixes.map(clusterOfPrefix)];
}

function lotOf(tally: Tally, key: string, digest: string, place: Place): Uint8Array {
  const { sha256, origin } = tally.context;
  const numbers = new Uint8Array(16);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, BigInt(place.index));
  view.setBigUint64(8, BigInt(place.timeMs));
  const seed = sha256(concatBytes(LABEL, sha256(toUtf8(origin)), numbers));
  return sha256(concatBytes(seed, fromHex(key), fromHex(digest)));
}
