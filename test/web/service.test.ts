import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  post,
  releaseEntry,
  runTally,
} from '../service/tally-fixture.ts';
import { needs } from '../support/needs.ts';
import { launchBrowser, openPage } from './support/browser.ts';

test('the real tally’s dashboard follows a release to its verdict', {
  skip: needs('chromium'),
}, async (t) => {
  const cast = makeCast();
  const tally = await runTally(t, cast, { windowSeconds: 2 });
  await using browser = await launchBrowser();
  await using watched = await openPage(browser);
  const { page, problems } = watched;
  await page.goto(tally.url);
  await page.getByText('No publisher has announced a release').waitFor();
  await page.getByText('the count matches').waitFor();

  for (const founder of cast.founders) {
    assert.deepEqual(await statusOf(post(tally, builderEntry(founder, tally.origin))), [201, undefined]);
  }
  const release = releaseEntry(cast.publisher, tally.origin, { windowSeconds: 2 });
  const digest = digestOf(release);
  assert.deepEqual(await statusOf(post(tally, release)), [201, undefined]);
  await page.getByRole('link', { name: '@noble/hashes 2.0.1' }).click();
  await page.getByText('Sealing ends within').waitFor();

  const ballots = cast.founders.map((key) => ballot(key, tally.origin, digest, 'ab'.repeat(32)));
  for (const { commit } of ballots) assert.deepEqual(await statusOf(post(tally, commit())), [201, undefined]);
  await page.getByText('Voting ends within').waitFor();
  for (const { vote } of ballots) assert.deepEqual(await statusOf(post(tally, vote())), [201, undefined]);
  await page.getByText('an audit has not yet seen it seed').first().waitFor();
  await page.getByText('Only 0 votes counted').waitFor();
  await page.getByText('the count matches').waitFor();
  assert.match(
    await page.getByRole('list', { name: 'Timeline' }).innerText(),
    /Verdict: failed.*entry #\d+/s,
  );

  const full = await page.reload();
  assert.equal(full?.status(), 200);
  await page.getByText('the count matches').waitFor();
  assert.equal(await page.getByText('Do not trust').count(), 0);
  assert.deepEqual(problems, []);
});

async function statusOf(answer: Promise<Answer>): Promise<[number, unknown]> {
  const { status, body } = await answer;
  return [status, body['detail']];
}
