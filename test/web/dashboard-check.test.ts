import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { needs } from '../support/needs.ts';
import { launchBrowser, openPage } from './support/browser.ts';
import { FixtureServer } from './support/fixture-server.ts';
import { BACKDOOR, demoLog, releaseIn } from './support/world.ts';

describe('the dashboard’s own check in Chromium', { skip: needs('chromium'), concurrency: 2 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  it('sounds the alarm when the tally shows another count than the log', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    server.meddle = (world) => {
      const final = releaseIn(world, 'final');
      Object.assign(final, { winner: BACKDOOR });
      return world;
    };
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.clock.install();
    await page.goto(`${url}/release/${releaseIn(server.world, 'final').digest}`);
    await page.getByText('counting again').waitFor();
    assert.equal(
      await page.getByText('Do not trust this tally.').count(),
      0,
      'it may be a moment’s difference',
    );
    await page.clock.fastForward(8000);
    await page.getByText('Do not trust this tally.').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /something else than the log says.*winner/);
    assert.equal(await page.getByRole('link', { name: 'Open magnet link' }).count(), 0);
    assert.equal(await page.getByText('the count matches').count(), 0);
  });

  it('sounds the alarm when the log does not fit what it signed, now or at the last visit', async () => {
    const log = demoLog();
    await using server = new FixtureServer(log);
    const url = await server.listen();
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(url);
    await page.getByText('the count matches').waitFor();
    server.meddleFile = (path, bytes) => {
      if (path === '/checkpoint') return bytes;
      const changed = new Uint8Array(bytes);
      changed[4] = 0; // in the receipt time of the first entry
      return changed;
    };
    await page.reload();
    await page.getByText('Do not trust this tally.').waitFor();
    server.meddleFile = (_path, bytes) => bytes;
    await page.reload();
    await page.getByText('the count matches').waitFor();
    log.entries.pop();
    await page.reload();
    await page.getByText('the log was rolled back').first().waitFor();
  });

  it('says when another log stands at an address', async () => {
    const before = new FixtureServer(demoLog());
    const url = await before.listen();
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(url);
    await page.getByText('the count matches').waitFor();
    await before[Symbol.asyncDispose]();
    await using server = new FixtureServer(demoLog());
    await server.listen(Number(new URL(url).port));
    await page.reload();
    await page.getByText('the log at this address had another key').waitFor();
    assert.equal(await page.getByText('Do not trust').count(), 0);
  });

  it('checks all the same where the browser offers no Ed25519, and says what plain http leaves open', async () => {
    await using server = new FixtureServer(demoLog());
    const port = new URL(await server.listen()).port;
    await using watched = await openPage(browser);
    const { page, problems } = watched;
    await page.goto(`http://tally.test:${port}/release/${releaseIn(server.world, 'final').digest}`);
    await page.getByText('the count matches').waitFor();
    await page.getByText('this page came over plain http').waitFor();
    await page.getByRole('button', { name: 'Copy the command' }).click();
    await page.getByText('the command: copied').waitFor();
    assert.deepEqual(problems, []);
  });

  it('says when the browser could not run the check, and tries again', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.clock.install();
    await page.route(/check\.worker/, (route) => route.abort());
    await page.goto(url);
    await page.getByText('this browser could not run the check').waitFor();
    await page.unroute(/check\.worker/);
    await page.clock.fastForward(20_000);
    await page.getByText('the count matches').waitFor();
  });
});
