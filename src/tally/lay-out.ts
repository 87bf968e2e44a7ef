import { electorateOf, headOver, servesPlatform } from './electorate.ts';
import type { Moment } from './life.ts';
import { markDirty } from './light-state.ts';
import { drawPanel, isSenior, quorumOf } from './lot.ts';
import { isWitnessed } from './lot-seed.ts';
import type { BuilderState, ReleaseState, Tally } from './state.ts';

/**
 * Announces a release, or its next round: from this entry on it keeps the rules in force, and only those may be
 * drawn who are eligible now, registered for its platform, one a cluster. Where no witnesses give the seed, the
 * lot is drawn at once; else at `open`.
 */
export function layOut(tally: Tally, release: ReleaseState, { index, timeMs }: Moment): void {
  release.rules = tally.policy?.rules ?? release.rules;
  release.place = { index, timeMs };
  release.phase = 'announced';
  release.seed = null;
  release.passed.clear();
  tally.unfinished.add(release.digest);
  markDirty(tally, `release:${release.digest}`);
  const given = tally.context.given?.get(release.digest);
  if (given !== undefined) {
    release.draw = { ...given, onPanel: new Set(given.panel), leftOut: new Map() };
    return;
  }
  const { rules } = release;
  const { platform } = release.predicate;
  const pool = electorateOf(tally, platform);
  release.pool = pool;
  release.lane = release.predicate.urgent ? pool.filter((key) => isSenior(tally, key, rules, timeMs)) : [];
  release.draw = emptyDraw(quorumOf(rules, 0));
  for (const key of rules.founders) {
    const why = whyLeftOut(tally, tally.builders.get(key), platform);
    if (why !== undefined) release.draw.leftOut.set(key, why);
  }
  if (!isWitnessed(release)) drawPanel(tally, release);
}

/** The panel of a release that has none. */
export function emptyDraw(quorum: number): ReleaseState['draw'] {
  return { panel: [], onPanel: new Set(), seniors: [], quorum, leftOut: new Map() };
}

/** Why a founder cannot be drawn for what is announced now: the end of a sentence. */
function whyLeftOut(tally: Tally, builder: BuilderState | undefined, platform: string): string | undefined {
  if (builder === undefined) return 'it registered after this release or not at all';
  const { revoked, rotated, coolingUntilMs, suspendedUntilMs, diverged } = builder.life;
  if (revoked !== undefined) return `it was revoked (entry ${revoked.index})`;
  if (suspendedUntilMs > tally.timeMs)
    return `it was suspended for its divergence (entry ${diverged?.index})`;
  if (coolingUntilMs > tally.timeMs) return `its new key (entry ${rotated?.index}) was still cooling`;
  if (!servesPlatform(builder, platform)) return `it is not registered for ${platform}`;
  const head = headOver(tally, builder, platform);
  if (head === undefined) return undefined;
  const operator = tally.builders.get(head)?.predicate.operator ?? '';
  return `${operator} (${head.slice(0, 8)}) has the one vote of its operator or network`;
}
