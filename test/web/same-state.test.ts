// The same log gives the same state, byte for byte, in Node and in Chromium.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { build, type Rolldown } from 'vite';
import { encodeStatement, KINDS } from '../../src/statement/index.ts';
import { tallyDigest } from '../../src/tally/index.ts';
import { takeState } from '../../src/tally/state-map.ts';
import { needs } from '../support/needs.ts';
import { history, playAll } from '../tally/random-history.ts';
import { LOG, ORIGIN, PUBLISHER, SECOND, type World } from '../tally/world.ts';
import { launchBrowser, openPage } from './support/browser.ts';
import type { Counted, countAll, PlainEntry } from './support/count-entry.ts';

const ENTRIES = 10_000;

/** A history with entries of every kind. */
function everyKind(seed: number): World {
  const world = playAll(
    fc.sample(history, { seed, numRuns: 2000 }),
    ({ entries }) => entries.length >= ENTRIES,
  );
  const endings = ['x', 'y'].map((name) => world.opened({ package: `pkg:npm/%40noble/${name}@1.0.0` }));
  const [first = '', second = ''] = endings;
  world.supersede(first, world.opened({ package: 'pkg:npm/%40noble/x@1.0.1' }));
  world.takedown(second, [PUBLISHER]);
  const failed = world.opened({ package: 'pkg:npm/%40noble/z@1.0.0' });
  world.run(failed, new Map());
  world.verdict(failed);
  world.revote(failed, [0, 1, 2, 3]);
  world.fail(0, failed);
  // Few of the random steps revoke: some histories have none.
  world.revoke(0);
  world.pass(700 * SECOND);
  return world;
}

test('a log of every kind of entry comes to the same bytes in Node and in Chromium', {
  skip: needs('chromium'),
}, async (t) => {
  const seed = Date.now() % 0x7fff_ffff;
  t.diagnostic(`seed ${seed}`);
  const { entries, tally } = everyKind(seed);
  assert.deepEqual(
    KINDS.filter((kind) => !entries.some(({ statement }) => statement.kind === kind)),
    [],
    'every kind',
  );
  const entry = new URL('support/count-entry.ts', import.meta.url).pathname;
  const built = (await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, lib: { entry, formats: ['iife'], name: 'count' } },
  })) as Rolldown.RolldownOutput[];
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const server = createServer((_request, response) => response.end('<!doctype html><title>count</title>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await using watched = await openPage(browser);
  await watched.page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await watched.page.addScriptTag({ content: built[0]?.output[0].code ?? '' });
  const plain = entries.map(({ statement, ...rest }): PlainEntry => {
    const text = Buffer.from(encodeStatement(statement)).toString();
    return Object.assign(rest, { statement: text });
  });
  const counted = await watched.page.evaluate(countInPage, { plain, origin: ORIGIN, logKey: LOG });
  const expected: Counted = { digest: tallyDigest(tally), root: takeState(tally).says.root };
  assert.deepEqual(counted, expected);
  const changed = await watched.page.evaluate(countInPage, {
    plain: plain.slice(0, -1),
    origin: ORIGIN,
    logKey: LOG,
  });
  assert.notEqual(changed.digest, expected.digest, 'and one entry less to others');
});

/** Runs in the page. */
function countInPage(given: { plain: PlainEntry[]; origin: string; logKey: string }): Counted {
  const { count } = globalThis as unknown as { count: { countAll: typeof countAll } };
  return count.countAll(given.plain, given.origin, given.logKey);
}
