import { hexOf } from './random.ts';

/** A builder of the simulation, with a network and an operator of its own. */
export interface Actor {
  readonly key: string;
  side: 'honest' | 'attacker';
  /** Days on which it served and was audited. */
  servedDays: number;
  /** What it voted for last. */
  held?: Held;
}

/** A build that it seeds. */
export interface Held {
  readonly name: string;
  readonly digest: string;
  readonly output: string;
}

/** A release on its way. */
export interface Running {
  readonly digest: string;
  readonly name: string;
  readonly urgent: boolean;
  /** What each committed to. */
  readonly outputs: Map<string, string>;
  /** Who has opened its commitment. */
  readonly opened: Set<string>;
  closed: boolean;
}

/** What builders do; each is asked on every release, canary or day. */
export interface Behaviour {
  /** What it commits to, or undefined when it stays away. */
  readonly outputOf: (actor: Actor, release: Running) => string | undefined;
  /** What it commits to for a canary, whose right output is given. */
  readonly canaryOf: (actor: Actor, right: string) => string | undefined;
  /** Whether it is on today: it serves, passes an audit, and opens what it committed to. */
  readonly isOn: (actor: Actor) => boolean;
  /** Whether it keeps to itself what it committed to for a release, though it is on. */
  readonly withholds: (actor: Actor, release: Running) => boolean;
  /** To what it opens after the verdict what it did not open in time: to what it committed to, if it is honest. */
  readonly lateOf: (actor: Actor, committed: string, winner: string) => string | undefined;
}

/** The infohash of the honest build of a release. */
export function goodOf(digest: string): string {
  return hexOf(`good ${digest}`);
}

/** The infohash that attackers want. */
export function badOf(digest: string): string {
  return hexOf(`bad ${digest}`);
}

/** Everybody builds, serves and answers. */
export const HONEST: Behaviour = {
  outputOf: (_actor, release) => goodOf(release.digest),
  canaryOf: (_actor, right) => right,
  isOn: () => true,
  withholds: () => false,
  lateOf: (_actor, committed) => committed,
};
