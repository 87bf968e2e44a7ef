import { InternalError } from '../bytes/index.ts';
import { countEntry } from './count.ts';
import { heartbeatStatement } from './due.ts';
import { type LightKey, packageOf } from './light-state.ts';
import type { Entry, Tally } from './state.ts';

/**
 * Counts the next of some entries of a log that are at hand for the sake of one release, in the log's order: what stands
 * between them is missing, so that a count of all may say otherwise. Panels come from the context (`given`), which are
 * those of the last round: of earlier rounds only the revotes are at hand that ended them.
 *
 * @param about indices from {@link entriesAbout}; other entries only move the time
 */
export function countSome(tally: Tally, entry: Entry, about: ReadonlySet<number>): void {
  if (entry.index < tally.size) {
    throw new InternalError(`entry ${entry.index} was handed to a count that is at ${tally.size}`);
  }
  const { statement, timeMs } = entry;
  tally.size = entry.index;
  if (!about.has(entry.index)) {
    countEntry(tally, { ...entry, statement: heartbeatStatement(tally, timeMs), signers: [] });
    return;
  }
  if (statement.kind === 'revote') countRevote(tally, entry, statement.predicate.release);
  else countEntry(tally, entry);
}

/** A revote asks for the next round after a verdict, which is not at hand. */
function countRevote(tally: Tally, entry: Entry, digest: string): void {
  const release = tally.releases.get(digest);
  const { index, timeMs } = entry;
  const before = release?.verdict;
  const round = release?.round;
  if (release !== undefined && release.ended === undefined) {
    release.verdict ??= { index, timeMs, outcome: { state: 'failed', infoHashV2: null, groups: [] } };
  }
  countEntry(tally, entry);
  if (release !== undefined && release.round === round) release.verdict = before; // it was refused
}

/**
 * Which of some entries say something of a release, of policies or of builders: their indices. `heir` is the release
 * that took its place, as the state has it: one of the same name does so without a word, after a failure.
 */
export function entriesAbout(
  digest: string,
  entries: readonly Entry[],
  heir: string | undefined,
): Set<number> {
  const releases = new Set([digest, heir]);
  for (const { statement } of entries) {
    if (statement.kind === 'supersede' && statement.predicate.release === digest)
      releases.add(statement.predicate.by);
  }
  const isAbout = ({ statement, payloadDigest }: Entry): boolean => {
    if (statement.kind === 'release') return releases.has(payloadDigest);
    if ('release' in statement.predicate) return statement.predicate.release === digest;
    return statement.kind !== 'state' && statement.kind !== 'heartbeat';
  };
  return new Set(entries.filter(isAbout).map(({ index }) => index));
}

/**
 * The entries that let a client count one release again: policies, the release and what the log and its panel logged
 * about it in its last round, the panel's and the founders' keys. In the log's order; undefined when there is no such release.
 */
export function indicesOf(tally: Tally, digest: string): number[] | undefined {
  const release = tally.releases.get(digest);
  if (release === undefined) return undefined;
  const { policies, revotes, founders } = tally.light;
  const { open, closeIndex, verdict, ended, lifted, draw } = release;
  const found = new Set<number | undefined>([
    ...policies.map(({ index }) => index),
    ...(revotes.get(digest) ?? []),
  ]);
  found.add(release.index).add(open?.index).add(closeIndex).add(verdict?.index);
  for (const ending of [ended, lifted?.ending]) {
    found.add(ending?.index);
    if (ending?.by !== undefined) found.add(tally.releases.get(ending.by)?.index);
  }
  for (const key of [...founders, ...draw.panel]) {
    for (const index of tally.builders.get(key)?.life.keyEntries ?? []) found.add(index);
  }
  for (const key of draw.panel) {
    found.add(tally.builders.get(key)?.updatedIndex);
    const ballot = release.ballots.get(key);
    if (ballot === undefined) continue;
    found.add(ballot.commit?.index).add(ballot.lateCommitIndex).add(ballot.failure?.index);
    found.add(ballot.vote?.index).add(ballot.auditIndex).add(ballot.equivocationIndex);
    found.add(release.openedLate?.get(key));
  }
  found.delete(undefined);
  return ([...found] as number[]).sort((left, right) => left - right);
}

/** What a client wants to know of the state map about one release, sorted. */
export function lightKeysOf(packageUrl: string, digest: string, panel: readonly string[]): LightKey[] {
  const keys: LightKey[] = [
    'policy',
    `release:${digest}`,
    `name:${packageUrl}`,
    `newest:${packageOf(packageUrl)}`,
  ];
  keys.push(...panel.map((key) => `builder:${key}` as const));
  return keys.sort();
}
