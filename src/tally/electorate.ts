import { clusterOfPrefix, type Predicate } from '../statement/browser.ts';
import { LargeMap } from './large-map.ts';
import type { BuilderState, Tally } from './state.ts';

/** Who may be drawn onto a panel of one platform, kept up to date by each change instead of looked for. */
export interface Electorate {
  /** Mark → the members that declare it, who holds it first. */
  readonly holders: LargeMap<Holding[]>;
  /** Keys of eligible members with the vote of their cluster, sorted. */
  heads: string[];
  /** Whether somebody else reads {@link heads} as they stood: then they are copied before they change. */
  shared: boolean;
}

interface Holding {
  readonly key: string;
  /** The entry since which it both declares the mark and is a member. */
  readonly since: number;
}

/** What everybody serves: releases of any platform. */
const ANY = 'any';

/**
 * The keys from which the panel of a platform's release is drawn, sorted, as the log stands; the array never
 * changes. One weight a cluster: a mark (an operator, a declared /24 or IPv6 /32) belongs to the member that has
 * held it longest while a member, and a member has a vote when all its marks are its own. So nobody gains by joining
 * a cluster, and nobody loses a vote by what others declare after.
 */
export function electorateOf(tally: Tally, platform: string): readonly string[] {
  const electorate = tally.electorates.get(platform);
  if (electorate === undefined) return [];
  electorate.shared = true;
  return electorate.heads;
}

/** The member that votes in a builder's stead on a platform, by a mark that both declare. */
export function headOver(tally: Tally, builder: BuilderState, platform: string): string | undefined {
  const electorate = tally.electorates.get(platform);
  for (const mark of builder.life.marks.keys()) {
    const first = electorate?.holders.get(mark)?.[0]?.key;
    if (first !== undefined && first !== builder.key) return first;
  }
  return undefined;
}

/** What clusters go by: the operator, and each declared network. */
export function marksOf({
  operator,
  prefixes,
}: Pick<Predicate<'builder'>, 'operator' | 'prefixes'>): string[] {
  return [
    `operator:${operator.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}`,
    ...new Set(prefixes.map(clusterOfPrefix)),
  ];
}

/** Whether a builder takes part in releases of a platform. */
export function servesPlatform({ predicate }: BuilderState, platform: string): boolean {
  return platform === ANY || predicate.platforms.includes(platform);
}

/** Takes a member in, by its marks and platforms; to be called once for each {@link withdraw}. */
export function enrol(tally: Tally, builder: BuilderState): void {
  const { key, life } = builder;
  const memberIndex = life.memberSince?.index ?? 0;
  for (const platform of platformsOf(builder)) {
    const electorate = electorateFor(tally, platform);
    const affected = new Set([key]);
    for (const [mark, declared] of life.marks) {
      const holders = electorate.holders.get(mark) ?? [];
      if (holders[0] !== undefined) affected.add(holders[0].key);
      insert(holders, { key, since: Math.max(declared, memberIndex) });
      electorate.holders.set(mark, holders);
    }
    for (const each of affected) refreshHead(tally, electorate, each);
  }
}

/** Takes a member out, with the marks and platforms that it was taken in with. */
export function withdraw(tally: Tally, builder: BuilderState): void {
  const { key, life } = builder;
  for (const platform of platformsOf(builder)) {
    const electorate = electorateFor(tally, platform);
    const affected = new Set([key]);
    for (const mark of life.marks.keys()) {
      const holders = electorate.holders.get(mark) ?? [];
      const at = holders.findIndex((holding) => holding.key === key);
      if (at >= 0) holders.splice(at, 1);
      if (holders[0] === undefined) electorate.holders.delete(mark);
      else affected.add(holders[0].key);
    }
    for (const each of affected) refreshHead(tally, electorate, each);
  }
}

/** Looks again at whether a member has a vote: its eligibility changed. */
export function refreshMember(tally: Tally, builder: BuilderState): void {
  for (const platform of platformsOf(builder)) {
    refreshHead(tally, electorateFor(tally, platform), builder.key);
  }
}

function refreshHead(tally: Tally, electorate: Electorate, key: string): void {
  const life = tally.builders.get(key)?.life;
  const isHead =
    life?.eligible === true &&
    [...life.marks.keys()].every((mark) => electorate.holders.get(mark)?.[0]?.key === key);
  const at = placeOf(electorate.heads, key);
  if ((electorate.heads[at] === key) === isHead) return;
  if (electorate.shared) electorate.heads = [...electorate.heads];
  electorate.shared = false;
  if (isHead) electorate.heads.splice(at, 0, key);
  else electorate.heads.splice(at, 1);
}

/** Where a key stands in sorted keys, or would. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a holding behind those that are older, or as old with a lower key. */
function insert(holders: Holding[], holding: Holding): void {
  let at = holders.length;
  while (at > 0 && isBefore(holding, holders[at - 1] as Holding)) at -= 1;
  holders.splice(at, 0, holding);
}

function isBefore(left: Holding, right: Holding): boolean {
  return left.since < right.since || (left.since === right.since && left.key < right.key);
}

function platformsOf({ predicate }: BuilderState): Set<string> {
  return new Set([ANY, ...predicate.platforms]);
}

function electorateFor(tally: Tally, platform: string): Electorate {
  let electorate = tally.electorates.get(platform);
  if (electorate === undefined) {
    electorate = { holders: new LargeMap(), heads: [], shared: false };
    tally.electorates.set(platform, electorate);
  }
  return electorate;
}
