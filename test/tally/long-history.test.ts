import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { takeState } from '../../src/tally/state-map.ts';
import { NaiveCount } from './naive-count.ts';
import { history, playAll, type Step } from './random-history.ts';
import { rootFromNothing } from './root-from-nothing.ts';
import { compareLives, compareRelease } from './same-as-naive.ts';
import { LOG, ORIGIN } from './world.ts';

/** Fewest entries of each history, and how many histories; `BITQUORUM_LONG_RUNS=200` makes more of them. */
const ENTRIES = 10_000;
const RUNS = Number(process.env['BITQUORUM_LONG_RUNS'] ?? 2);
/** Histories, one behind the other, that are enough for so many entries. */
const PARTS = 2000;
/** One history in so many may revoke builders: else none would be left after a few hundred entries. */
const REVOKING = 25;

function longHistory(seed: number): Step[][] {
  return fc
    .sample(history, { seed, numRuns: PARTS })
    .map((steps, at) => steps.filter(([action]) => action !== 'revoke' || at % REVOKING === 0));
}

test(`over random histories of ${ENTRIES} entries and more the incremental count equals a naive recount`, (t) => {
  const first = Number(process.env['BITQUORUM_LONG_SEED'] ?? Date.now() % 0x7fff_ffff);
  for (let seed = first; seed < first + RUNS; seed += 1) {
    const world = playAll(longHistory(seed), ({ entries }) => entries.length >= ENTRIES);
    assert.ok(world.entries.length >= ENTRIES, `${world.entries.length} entries`);
    const naive = new NaiveCount(world.entries, ORIGIN, LOG);
    const seen = new Map<string, number>();
    t.diagnostic(`${world.entries.length} entries; BITQUORUM_LONG_SEED=${seed} repeats them`);
    assert.deepEqual([...world.tally.releases.keys()].sort(), naive.releases().sort());
    for (const digest of naive.releases()) compareRelease(world, digest, naive, seen);
    compareLives(world, naive, seen);
    assert.equal(takeState(world.tally).says.root, rootFromNothing(world.tally), 'the state map');
    t.diagnostic([...seen].map(([what, times]) => `${times} ${what}`).join(', '));
  }
});
