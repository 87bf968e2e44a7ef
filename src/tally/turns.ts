import type { Statement, StatementOf } from '../statement/browser.ts';
import { releaseOf } from './about-release.ts';
import type { Refusal } from './refusal.ts';
import { applyRevote, judgeRevote } from './revote.ts';
import type { Entry, Tally } from './state.ts';
import { applySupersede, judgeSupersede } from './supersede.ts';
import { applyTakedown, judgeTakedown } from './takedown.ts';

/** What publishers and founders say about a release that stands. */
export type TurnStatement = StatementOf<'supersede'> | StatementOf<'takedown'> | StatementOf<'revote'>;

/** Whether a statement turns a release. */
export function isTurn(statement: Statement): statement is TurnStatement {
  return ['supersede', 'takedown', 'revote'].includes(statement.kind);
}

/** Takes a turn that {@link judgeTurn} let pass. */
export function applyTurn(tally: Tally, statement: TurnStatement, entry: Entry): void {
  const release = tally.releases.get(statement.predicate.release);
  if (release === undefined) return;
  if (statement.kind === 'supersede') applySupersede(tally, release, statement, entry);
  else if (statement.kind === 'takedown') applyTakedown(tally, release, statement, entry);
  else applyRevote(tally, release, entry);
}

/** Why a turn counts for nothing. */
export function judgeTurn(
  tally: Tally,
  statement: TurnStatement,
  signers: readonly string[],
  timeMs: number,
): Refusal | undefined {
  const release = releaseOf(tally, statement);
  if ('code' in release) return release;
  switch (statement.kind) {
    case 'supersede':
      return judgeSupersede(tally, release, statement, signers, timeMs);
    case 'takedown':
      return judgeTakedown(tally, release, signers, timeMs);
    case 'revote':
      return judgeRevote(tally, release, signers, timeMs);
  }
}
