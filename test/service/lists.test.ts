// Lists are given by pages, which stay what they are while the log grows; what costs much, an address gets less often.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_LIMITS } from '../../src/service/limits.ts';
import { generateKey } from '../../src/statement/index.ts';
import {
  ask,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  post,
  releaseEntry,
  runTally,
  until,
} from './tally-fixture.ts';

const RELEASES = 230;
type Page = { releases: { digest: string; package: string }[]; total: number; before: number | null };

test('releases come by pages of a hundred, the newest first, each page in the order of the log', async (t) => {
  const cast = makeCast();
  const limits = { rates: { ...SERVICE_LIMITS.rates, entry: { burst: 1000, perSecond: 1000 } } };
  const tally = await runTally(t, cast, { windowSeconds: 60, limits });
  const digests: string[] = [];
  for (let version = 0; version < RELEASES; version += 1) {
    const envelope = releaseEntry(cast.publisher, tally.origin, {
      windowSeconds: 60,
      package: `pkg:npm/%40noble/hashes@3.0.${version}`,
    });
    assert.equal((await post(tally, envelope)).status, 201);
    digests.push(digestOf(envelope));
  }
  const pageAt = async (question: string): Promise<Page> => {
    const { status, body } = await ask(`${tally.url}/api/v1/releases${question}`);
    assert.equal(status, 200);
    return body as unknown as Page;
  };
  const seen: string[] = [];
  let page = await pageAt('');
  assert.deepEqual([page.releases.length, page.total, page.before], [100, RELEASES, 130]);
  seen.unshift(...page.releases.map(({ digest }) => digest));
  while (page.before !== null) {
    page = await pageAt(`?before=${page.before}`);
    seen.unshift(...page.releases.map(({ digest }) => digest));
  }
  assert.deepEqual(seen, digests);
  assert.equal((await pageAt('?before=999999999')).releases.length, 100, 'beyond the end is the end');
  assert.deepEqual((await pageAt('?before=0')).releases, []);
  for (const wrong of ['-1', '1.5', 'x', '', '01', '9'.repeat(10)]) {
    const { status, body } = await ask(`${tally.url}/api/v1/releases?before=${wrong}`);
    assert.equal(status, 400, wrong);
    assert.match(String(body['detail']), /\?before= takes a whole number/);
  }
  const [one] = (await pageAt(`?package=${encodeURIComponent('pkg:npm/%40noble/hashes@3.0.7')}`)).releases;
  assert.equal(one?.digest, digests[7]);
});

test('an address that asks too often for what costs much is told to wait; the newest releases it always gets', async (t) => {
  const rates = { ...SERVICE_LIMITS.rates, view: { burst: 3, perSecond: 0.01 } };
  const tally = await runTally(t, makeCast(), { limits: { rates } });
  const costly = [
    'builders',
    'releases?before=1',
    'releases?package=a',
    'proof?package=a',
    `releases/${'0'.repeat(64)}/proof`,
  ];
  const statuses: number[] = [];
  for (const path of costly) statuses.push((await ask(`${tally.url}/api/v1/${path}`)).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  const { status, headers, body } = await ask(`${tally.url}/api/v1/builders`);
  assert.deepEqual([status, headers.get('retry-after'), body['status']], [429, '100', 429]);
  assert.equal((await ask(`${tally.url}/api/v1/releases`)).status, 200);
});

test('a release that a crowd of strangers wrote about costs an address as much as a page', async (t) => {
  const cast = makeCast();
  const rates = { ...SERVICE_LIMITS.rates, view: { burst: 3, perSecond: 0.01 } };
  const days = { ...SERVICE_LIMITS.days, newBuildersPerPrefix: 1000 };
  const tally = await runTally(t, cast, { windowSeconds: 60, limits: { rates, days } });
  const [founder] = cast.founders;
  if (founder !== undefined) await post(tally, builderEntry(founder, tally.origin));
  const envelope = releaseEntry(cast.publisher, tally.origin, { windowSeconds: 60 });
  const digest = digestOf(envelope);
  await post(tally, envelope);
  const look = (): ReturnType<typeof ask> => ask(`${tally.url}/api/v1/releases/${digest}`);
  await until(look, ({ body }) => body['state'] === 'committing');
  for (let at = 0; at < 10; at += 1) assert.equal((await look()).status, 200);
  const strangers = Array.from({ length: 70 }, (_, at) => generateKey(`stranger-${at}`));
  for (const key of strangers) {
    await post(tally, builderEntry(key, tally.origin));
    const { commit } = ballot(key, tally.origin, digest, 'ab'.repeat(32));
    assert.equal((await post(tally, commit())).status, 201);
  }
  const statuses: number[] = [];
  for (let at = 0; at < 5; at += 1) statuses.push((await look()).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});
