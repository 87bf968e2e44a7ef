import type { PolicyRules } from '../statement/browser.ts';
import { isElder } from './life.ts';
import { lotSeed } from './lot-seed.ts';
import { drawLots } from './lottery.ts';
import type { ReleaseState, Tally } from './state.ts';

/** The first `count` builders in the order that the lot gives to those who may be drawn for a release. */
export function drawFrom(tally: Tally, release: ReleaseState, count: number): string[] {
  return drawLots(tally.context.sha256, lotSeed(tally, release), release.pool ?? [], count);
}

/** Gives the panel's seats to the first in the lot's order. */
export function drawPanel(tally: Tally, release: ReleaseState): void {
  const { rules } = release;
  seat(tally, release, drawFrom(tally, release, rules.panelSeats));
  const { leftOut, onPanel } = release.draw;
  for (const key of rules.founders) {
    if (!onPanel.has(key) && !leftOut.has(key)) {
      leftOut.set(key, `the lot gave its ${rules.panelSeats} seats to others`);
    }
  }
}

/** Makes some builders the panel of a release. */
export function seat(tally: Tally, release: ReleaseState, keys: readonly string[]): void {
  const { rules, draw, place } = release;
  const panel = [...keys].sort();
  release.draw = {
    panel,
    onPanel: new Set(panel),
    seniors: panel.filter((key) => isSenior(tally, key, rules, place.timeMs)),
    quorum: quorumOf(rules, panel.length),
    leftOut: draw.leftOut,
  };
}

/** Fewest votes that win: `minimumVotes`, or the majority of the panel's seats when that is more. */
export function quorumOf(rules: PolicyRules, seats: number): number {
  return Math.max(rules.minimumVotes, Math.floor(seats / 2) + 1);
}

/** Whether a builder's vote is one of those that the founders' margin asks for: a founder's or an elder's. */
export function isSenior(tally: Tally, key: string, rules: PolicyRules, timeMs: number): boolean {
  const builder = tally.builders.get(key);
  return builder !== undefined && (rules.founders.includes(key) || isElder(builder, rules, timeMs));
}
