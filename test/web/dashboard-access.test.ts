import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { needs } from '../support/needs.ts';
import { axeViolations, launchBrowser, openPage, overflowOf } from './support/browser.ts';
import { FixtureServer } from './support/fixture-server.ts';
import { BACKDOOR, demoLog, HONEST, magnetOf, releaseIn, type World } from './support/world.ts';

const HOSTILE = '<img src=x onerror="alert(1)">';

describe('the dashboard for every reader, in Chromium', { skip: needs('chromium'), concurrency: 2 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  it('shows hostile strings as text, and runs nothing', async () => {
    await using server = new FixtureServer(demoLog());
    const url = await server.listen();
    server.meddle = hostile;
    const { digest } = releaseIn(server.world, 'final');
    await using watched = await openPage(browser, { viewport: { width: 360, height: 740 } });
    const { page, problems } = watched;
    for (const path of ['/', `/release/${digest}`]) {
      await page.goto(url + path);
      await page.locator('.row, .columns').first().waitFor();
      const text = await page.locator('body').innerText();
      assert.ok(text.includes(HOSTILE), 'it is shown as it is written');
      assert.ok(text.includes('⟨U+202E⟩'), 'what turns text around is spelled out');
      assert.equal(await page.locator('img, iframe, [onerror], [onclick]').count(), 0);
      const scripts = await page
        .locator('a')
        .evaluateAll((links) =>
          links
            .map((link) => (link as HTMLAnchorElement).protocol)
            .filter((each) => !/^(https?|magnet):$/.test(each)),
        );
      assert.deepEqual(scripts, []);
      assert.ok((await overflowOf(page)) <= 0, `${path} does not scroll sideways`);
    }
    assert.equal(await page.getByRole('link', { name: 'Open magnet link' }).count(), 0);
    assert.deepEqual(problems, []);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`is accessible and fits 360 pixels, ${colorScheme}`, async () => {
      await using server = new FixtureServer(demoLog());
      const url = await server.listen();
      const world = server.world;
      await using watched = await openPage(browser, { colorScheme, viewport: { width: 360, height: 740 } });
      const { page, problems } = watched;
      const paths = [
        '/',
        ...(['final', 'voting', 'committing'] as const).map((state) => pathOf(world, state)),
      ];
      for (const path of paths) {
        await page.setViewportSize({ width: 360, height: 740 });
        await page.goto(url + path);
        await page.getByText('the count matches').waitFor();
        const warnings = page.getByText('Get these bytes all the same');
        if ((await warnings.count()) > 0) await warnings.first().click();
        assert.equal(await overflowOf(page), 0, `${path} does not scroll sideways`);
        assert.deepEqual(await axeViolations(page), [], path);
        await page.setViewportSize({ width: 1400, height: 900 });
        assert.deepEqual(await axeViolations(page), [], `${path}, wide`);
      }
      assert.deepEqual(problems, []);
    });
  }
});

function pathOf(world: World, state: 'final' | 'voting' | 'committing'): string {
  return `/release/${releaseIn(world, state).digest}`;
}

/** A tally that puts the worst into every text that it can. */
function hostile(world: World): World {
  const worst = `${HOSTILE}\u202e\u0000${'w'.repeat(3000)}`;
  const final = releaseIn(world, 'final');
  Object.assign(final, {
    package: `pkg:npm/${worst}@1`,
    platform: worst,
    sources: [{ name: worst, uri: 'javascript:alert(1)', integrity: worst }],
    magnets: { [HONEST]: 'javascript:alert(1)', [BACKDOOR]: `javascript:alert(1)//${magnetOf(BACKDOOR)}` },
    groups: final.groups.map((group) =>
      Object.assign(group, { output: { name: worst, sizeBytes: -1, sha256: worst } }),
    ),
    builders: final.builders.map((builder) =>
      Object.assign(builder, { operator: worst, reason: worst, failure: worst }),
    ),
  });
  Object.assign(world.status, { origin: worst, policy: { name: worst, demo: true, digest: worst } });
  return world;
}
