import type { Moment } from './life.ts';
import { markDirty } from './light-state.ts';
import { BOUNDS, type NameState, type ReleaseState, type Tally } from './state.ts';

/**
 * Gives a name to a release, or records it as a rival: whether it is one. A name is free again only when the
 * release that had it failed for want of votes.
 */
export function claimName(tally: Tally, packageUrl: string, digest: string, { index }: Moment): boolean {
  markDirty(tally, `name:${packageUrl}`);
  const name: NameState | undefined = tally.names.get(packageUrl);
  if (name === undefined) {
    tally.names.set(packageUrl, { live: digest, rivals: [] });
    return false;
  }
  const holder = tally.releases.get(name.live);
  if (holder?.phase === 'failed' && holder.ended === undefined && name.rivals.length === 0) {
    holder.ended = { kind: 'superseded', index, reason: 'it failed, and was released again', by: digest };
    markDirty(tally, `release:${holder.digest}`);
    tally.unfinished.delete(holder.digest);
    name.live = digest;
    return false;
  }
  name.rivals.push(digest);
  return true;
}

/** Whether so many releases claim a name beside its holder that no more are taken: each that is, is listed. */
export function isCrowded(tally: Tally, packageUrl: string): boolean {
  return (tally.names.get(packageUrl)?.rivals.length ?? 0) >= BOUNDS.rivals;
}

/** Every infohash that votes on a release have shown, and on those that had its name before. */
export function shownBy({ shown, said }: ReleaseState): ReadonlySet<string> {
  return new Set([...(shown ?? []), ...said.keys()]);
}

/** Takes a rival's claim to a name away: with its last rival gone a name is contested no more. */
export function dropRival(tally: Tally, release: ReleaseState): void {
  const name = tally.names.get(release.predicate.package);
  const at = name?.rivals.indexOf(release.digest) ?? -1;
  if (name === undefined || at < 0) return;
  name.rivals.splice(at, 1);
  markDirty(tally, `name:${release.predicate.package}`, `release:${name.live}`);
}

/** Gives a name to one of its rivals. */
export function giveName(tally: Tally, rival: ReleaseState): void {
  const name = tally.names.get(rival.predicate.package);
  if (name === undefined) return;
  dropRival(tally, rival);
  markDirty(tally, `release:${name.live}`);
  const holder = tally.releases.get(name.live);
  if (holder !== undefined) rival.shown = shownBy(holder);
  name.live = rival.digest;
}

/** Whether a release is the one that its name stands for. */
export function hasName(tally: Tally, { predicate, digest }: ReleaseState): boolean {
  return tally.names.get(predicate.package)?.live === digest;
}

/** The release that alone claims a name beside the live one. */
export function onlyRival(tally: Tally, { predicate }: ReleaseState): ReleaseState | undefined {
  const rivals = tally.names.get(predicate.package)?.rivals ?? [];
  const [only] = rivals;
  return rivals.length === 1 && only !== undefined ? tally.releases.get(only) : undefined;
}
