import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { needs } from '../support/needs.ts';
import { launchBrowser, openPage } from './support/browser.ts';
import { FixtureServer } from './support/fixture-server.ts';
import { BACKDOOR, demoLog, HONEST, magnetOf, releaseIn } from './support/world.ts';

describe('the dashboard in Chromium', { skip: needs('chromium'), concurrency: 2 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  it('lists the releases under the network’s header, each with its state', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    await using watched = await openPage(browser);
    const { page, problems } = watched;
    await page.goto(url);
    await page.getByText('the count matches').waitFor();
    const header = page.getByRole('banner');
    for (const words of ['tally.localhost/demo', 'demo policy: short windows', '5 builders', 'Live']) {
      assert.ok(await header.getByText(words).isVisible(), words);
    }
    const rows = await page
      .getByRole('listitem')
      .filter({ has: page.locator('.row-link') })
      .allInnerTexts();
    assert.deepEqual(
      rows.map((row) => /Voting|Committing|Announced|Final|Failed|Contested/.exec(row)?.[0]),
      ['Voting', 'Committing', 'Announced', 'Final', 'Failed', 'Contested'],
    );
    assert.match(rows[3] ?? '', new RegExp(`3 of 5 agree.*${HONEST.slice(0, 8)}`, 's'));
    await page.getByRole('link', { name: '@noble/hashes 2.0.1' }).click();
    await page.waitForURL(`${url}/release/${releaseIn(server.world, 'final').digest}`);
    assert.equal(await page.locator('h1').evaluate((element) => element === document.activeElement), true);
    await page.goBack();
    await page.getByRole('heading', { name: 'Releases' }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('shows older releases page by page, and counts them all', async () => {
    await using server = new FixtureServer(demoLog());
    server.pageSize = 4;
    const url = await server.listen();
    await using watched = await openPage(browser);
    const { page, problems } = watched;
    await page.goto(url);
    await page.getByText('the count matches').waitFor();
    const rows = page.locator('.row-link');
    assert.equal(await rows.count(), 4);
    await page.getByRole('button', { name: 'Show more (2 releases left)' }).click();
    await rows.nth(5).waitFor();
    assert.equal(await rows.count(), 6);
    assert.equal(await page.getByRole('button', { name: /Show more/ }).count(), 0);
    await page.getByText('the count matches').waitFor();
    assert.deepEqual(problems, []);
  });

  it('shows a final release: groups, who counts and why, how to get it, and its own check', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    const release = releaseIn(server.world, 'final');
    await using watched = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, problems } = watched;
    await page.goto(`${url}/release/${release.digest}`);
    await page.getByText('the count matches').waitFor();
    assert.equal(await page.title(), '@noble/hashes 2.0.1: final – bitquorum');

    const winner = page.getByRole('article', { name: `Infohash ${HONEST.slice(0, 8)}` });
    assert.match(await winner.innerText(), /Winner/);
    assert.equal((await winner.locator('.hash').first().textContent()) ?? '', HONEST);
    assert.match(await winner.innerText(), /5 seeders now, 3 reputable/);
    for (const { operator, reason, infoHashV2 } of release.builders) {
      if (infoHashV2 === HONEST) {
        assert.ok(await winner.getByText(operator).isVisible());
        assert.ok(await winner.getByText(reason, { exact: true }).isVisible());
      }
    }
    assert.match(await winner.innerText(), /a mirror seeds but never counts/);

    const magnet = page.getByRole('link', { name: 'Open magnet link' });
    assert.equal(await magnet.getAttribute('href'), magnetOf(HONEST));
    await page.getByRole('button', { name: 'Copy the command' }).click();
    const command = `bitquorum get 'pkg:npm/%40noble/hashes@2.0.1' --tally '${url}' --log-key '${server.log.logKey.vkey}'`;
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), command);
    assert.equal(await page.getByLabel('Command', { exact: true }).textContent(), command);

    const other = page.getByRole('link', { name: 'Open the magnet link' });
    assert.equal(await other.isVisible(), false);
    await page.getByText('Get these bytes all the same').click();
    assert.equal(await other.getAttribute('href'), magnetOf(BACKDOOR));
    assert.ok(await page.getByText('These bytes have not won.').isVisible());

    const timeline = await page.getByRole('list', { name: 'Timeline' }).innerText();
    assert.match(timeline, /Announced.*entry #32.*Committing.*entry #33.*Voting.*entry #38.*Verdict: final/s);
    assert.deepEqual(problems, []);
  });

  it('renders every other state with what is known in it', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    await using watched = await openPage(browser);
    const { page, problems } = watched;
    const expected = [
      ['announced', /has not opened it for builders yet/],
      ['committing', /Sealing ends within \d+ s.*Every result is still sealed/s],
      [
        'voting',
        /The largest group has 2 votes; it needs 3\..*Voting ends within.*an audit has not yet seen it seed/s,
      ],
      ['contested', /There is nothing here to trust\..*Tied.*Tied/s],
      ['failed', /Only 1 vote counted.*the compiler that the recipe asks for was not found/s],
    ] as const;
    for (const [state, words] of expected) {
      await page.goto(`${url}/release/${releaseIn(server.world, state).digest}`);
      await page.getByText('the count matches').waitFor();
      assert.match(await page.getByRole('main').innerText(), words, state);
      assert.equal(await page.getByRole('link', { name: 'Open magnet link' }).count(), 0, state);
    }
    server.meddle = (world) => {
      const final = world.releases.find(({ state }) => state === 'final');
      if (final) Object.assign(final, { state: 'superseded', rivals: ['ab'.repeat(32)] });
      return world;
    };
    await page.goto(
      `${url}/release/${server.world.releases.find(({ state }) => state === 'superseded')?.digest}`,
    );
    await page.getByText('Another release has taken this one’s place').waitFor();
    await page.getByText('Another release claims this name').waitFor();
    assert.deepEqual(problems, []);
  });

  it('follows the log as it grows, up to the verdict', async () => {
    const log = demoLog();
    await using server = new FixtureServer(log);
    const url = await server.listen();
    const { digest } = releaseIn(server.world, 'voting');
    await using watched = await openPage(browser);
    const { page, problems } = watched;
    await page.goto(`${url}/release/${digest}`);
    await page.getByText('The largest group has 2 votes').waitFor();
    await page.getByText('Live').waitFor();

    server.send('seeders', { infoHashV2: HONEST, live: 41, reputable: 3 });
    await page.getByText('41 seeders now, 3 reputable').waitFor();

    log.clockMs = Date.now();
    log.audit(digest, HONEST, [2]);
    server.send('entry', { index: log.entries.length - 1, kind: 'audit', release: digest });
    await page.getByText('The largest group has 3 votes').waitFor();

    log.advanceTo(Date.now() + 600_000);
    server.send('entry', { index: log.entries.length - 1, kind: 'verdict', release: digest });
    await page.getByText('3 of the 5 builders on the panel').waitFor();
    await page.getByRole('link', { name: 'Open magnet link' }).waitFor();
    await page.getByText(`${log.entries.length} entries: root`).waitFor();
    await page.getByText('the count matches').waitFor();
    assert.deepEqual(problems, []);
  });

  it('says when the tally is gone, and catches up when it is back', async () => {
    const log = demoLog();
    const server = new FixtureServer(log);
    const url = await server.listen();
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(url);
    await page.getByText('the count matches').waitFor();
    await server[Symbol.asyncDispose]();
    await page.getByText('Reconnecting').waitFor();
    log.clockMs = Date.now();
    log.announce('pkg:npm/meanwhile@1.0.0', 60, 60);
    await using back = new FixtureServer(log);
    await back.listen(Number(new URL(url).port));
    await page.getByText('Live').waitFor();
    await page.getByRole('link', { name: 'meanwhile 1.0.0' }).waitFor();
  });

  it('has pages for a release that is not there and for no page at all', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    await using watched = await openPage(browser);
    await watched.page.goto(`${url}/release/${'ab'.repeat(32)}`);
    await watched.page.getByText('This log has no such release.').waitFor();
    await watched.page.goto(`${url}/release/nothing`);
    await watched.page.getByText('There is nothing at this address.').waitFor();
  });

  it('draws a large panel as a bar, and a long list in parts', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    server.meddle = (world) => {
      const final = releaseIn(world, 'final');
      const many = Array.from({ length: 120 }, (_, index) =>
        Object.assign(structuredClone(final), {
          digest: index.toString(16).padStart(64, '0'),
          package: `pkg:npm/many-${index}@1.0.0`,
          panel: Array.from({ length: 60 }, (_, seat) => seat.toString(16).padStart(64, '0')),
        }),
      );
      return { ...world, releases: many };
    };
    await using watched = await openPage(browser);
    const { page } = watched;
    await page.goto(url);
    await page.getByRole('button', { name: 'Show more (70 releases left)' }).click();
    assert.equal(await page.locator('.row').count(), 100);
    assert.equal(await page.locator('.row .bar').count(), 100);
    await page.getByRole('searchbox').fill('many-7');
    assert.equal(await page.locator('.row').count(), 10);
    await page.getByRole('button', { name: 'Search older (20 releases left)' }).click();
    await page.locator('.row').nth(10).waitFor();
    assert.equal(await page.locator('.row').count(), 11, 'many-7 itself was on the older page');
    await page.getByRole('searchbox').fill('');
    assert.equal(await page.locator('.row').count(), 120);
    assert.equal(await page.getByRole('button', { name: /left/ }).count(), 0);
  });
});
