/** What a builder of the demonstration does. */
export type Role = 'honest' | 'backdoor' | 'mirror';

/** One builder of the demonstration: its name, what it does, and the loopback address that is its own. */
export interface Player {
  readonly name: string;
  readonly role: Role;
  /** Each address is in a /24 of its own, so that nobody falls into another's cluster. */
  readonly address: string;
}

/** Who plays: three honest builders and two cheats. */
export const CAST: readonly Player[] = [
  { name: 'ada', role: 'honest', address: '127.0.11.1' },
  { name: 'grace', role: 'honest', address: '127.0.12.1' },
  { name: 'linus', role: 'honest', address: '127.0.13.1' },
  { name: 'mallory', role: 'backdoor', address: '127.0.14.1' },
  { name: 'echo', role: 'mirror', address: '127.0.15.1' },
];

/** What each role does, in words for the terminal. */
export const ROLE_TEXT: Readonly<Record<Role, string>> = {
  honest: 'rebuilds from source',
  backdoor: 'slips in a backdoor',
  mirror: 'builds nothing',
};

/** One release of the demonstration, and how the mirror cheats in it. */
export interface Round {
  readonly recipe: string;
  readonly mirror: 'copies a vote' | 'commits the public tarball';
}

/** The two rounds. The first one's winner is what the client downloads. */
export const ROUNDS: readonly [Round, Round] = [
  { recipe: 'examples/noble-hashes/2.0.1.toml', mirror: 'copies a vote' },
  { recipe: 'examples/noble-hashes/1.8.0.toml', mirror: 'commits the public tarball' },
];
