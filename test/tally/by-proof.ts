import assert from 'node:assert/strict';
import { sha256 } from '../../src/statement/index.ts';
import {
  countSome,
  type Entry,
  emptyTally,
  entriesAbout,
  type GivenDraw,
  indicesOf,
  lightValue,
  releaseView,
  type Tally,
} from '../../src/tally/index.ts';

/** In these a release has no outcome that a proof could show. */
const OPEN = new Set(['announced', 'committing', 'voting', 'provisional']);

/**
 * Counts each release again from the entries that its proof would hold, its panel as the state has it, and holds what
 * that comes to against the full count. Answers how many releases had an outcome.
 */
export function compareByProof(tally: Tally, entries: readonly Entry[]): number {
  let decided = 0;
  for (const digest of tally.releases.keys()) {
    const value = JSON.parse(lightValue(tally, `release:${digest}`) ?? 'null') as Partial<GivenDraw> & {
      supersededBy?: string;
    };
    const { panel, quorum, seniors, supersededBy } = value;
    const draw =
      panel === undefined || quorum === undefined ? [] : [{ panel, quorum, seniors: seniors ?? [] }];
    const given = new Map(draw.map((each) => [digest, each]));
    const { origin, logKey } = tally.context;
    const some = emptyTally({ origin, logKey, sha256, given });
    const wanted = new Set(indicesOf(tally, digest));
    const held = entries.filter(({ index }) => wanted.has(index) || index === entries.length - 1);
    // The newest entry is there for its time; where it was refused, a client finds it after the state, and asks again.
    const about = new Set([...entriesAbout(digest, held, supersededBy)].filter((index) => wanted.has(index)));
    for (const entry of held) countSome(some, entry, about);
    const [full, proved] = [releaseView(tally, digest), releaseView(some, digest)];
    assert.ok(full !== undefined && proved !== undefined);
    if (OPEN.has(full.state)) {
      assert.equal(proved.winner, null);
      continue;
    }
    if (!full.authorised || full.state === 'contested') {
      assert.equal(proved.winner, full.winner);
      continue;
    }
    decided += 1;
    for (const key of ['state', 'winner', 'round'] as const) assert.deepEqual(proved[key], full[key], key);
    // Among rivals that the proof does not hold, an heir may have needed a statement: the outcome is the same.
    assert.deepEqual([proved.ended?.kind, proved.ended?.by], [full.ended?.kind, full.ended?.by]);
    if (panel === undefined) continue;
    assert.deepEqual([proved.panel, proved.quorum], [full.panel, full.quorum]);
    const onPanel = (view: typeof full) =>
      view.builders
        .filter(({ key }) => full.panel.includes(key))
        .map(({ key, status, reason }) => [key, status, reason]);
    assert.deepEqual(onPanel(proved), onPanel(full));
    const verdict = some.releases.get(digest)?.verdict;
    assert.equal(
      some.alarms.find(({ index }) => index === verdict?.index),
      undefined,
    );
  }
  return decided;
}
