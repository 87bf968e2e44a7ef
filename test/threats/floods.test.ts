// Attacks by many keys: floods, collusion, records thrown away and ruined; each against a tally that runs.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { until } from '../service/tally-fixture.ts';
import { DAY_SECONDS, Network, reasonOf, strangers } from './network.ts';

const NAMES = ['a', 'b', 'c'].map((name) => `pkg:npm/%40noble/${name}@1.0.0`);

function quickTenure(least: number) {
  return (toml: string): string =>
    `${toml}\n[tenure]\nactiveDays = 1\nbuilds = 1\ncanaries = 0\n[admission]\nperiodDays = 1\nleast = ${least}\nshare = [1, 10]\n`;
}

async function patientFlood(
  t: TestContext,
  options: { founders: number; newcomers: number; least: number },
): Promise<{ network: Network; flood: PrivateKey[]; admitted: PrivateKey[] }> {
  const network = await Network.start(t, {
    founders: options.founders,
    policy: quickTenure(options.least),
  });
  const { founders } = network.cast;
  const flood = strangers(options.newcomers);
  for (const key of flood) await network.register(key);
  for (const name of NAMES.slice(0, 2)) {
    const release = await network.run(new Map([[await network.build(), [...founders, ...flood]]]), name);
    const view = await network.verdict(release);
    assert.equal(view.state, 'final');
    assert.deepEqual(view.panel, founders.map(({ key }) => key).sort(), 'no newcomer has a seat');
    for (const key of flood) assert.match(reasonOf(view, key), /not on the panel: it was not eligible/);
    network.pass(DAY_SECONDS);
  }
  const wanted = Math.min(options.least, options.newcomers);
  const isIn = async (): Promise<PrivateKey[]> => {
    const views = await network.builders();
    return flood.filter(({ key }) => views.get(key)?.standing.eligible === true);
  };
  const admitted = await until(isIn, ({ length }) => length >= wanted);
  return { network, flood, admitted };
}

test('a flood of newcomers that copies honest work has no seat before its tenure, then two more a period, and is outvoted', async (t) => {
  const { network, flood, admitted } = await patientFlood(t, { founders: 5, newcomers: 6, least: 2 });
  assert.equal(admitted.length, 2, 'the lot takes two of six');
  const good = await network.build();
  const evil = await network.build();
  const release = await network.run(
    new Map([
      [good, network.cast.founders],
      [evil, flood],
    ]),
    NAMES[2],
  );
  const view = await network.verdict(release);
  assert.deepEqual([view.state, view.winner], ['final', good.hash]);
  assert.equal(view.groups.find(({ infoHashV2 }) => infoHashV2 === evil.hash)?.counted, 2);
});

test('known limit: a patient flood comes to hold most seats; without the founders it still cannot make its file win', async (t) => {
  const { network, flood, admitted } = await patientFlood(t, { founders: 3, newcomers: 8, least: 8 });
  assert.equal(admitted.length, 8);
  const good = await network.build();
  const evil = await network.build();
  const release = await network.run(
    new Map([
      [good, network.cast.founders],
      [evil, flood],
    ]),
    NAMES[2],
  );
  const view = await network.verdict(release);
  assert.deepEqual(
    [view.state, view.winner],
    ['contested', null],
    'eight of eleven are more than two thirds',
  );
  assert.equal(view.groups[0]?.infoHashV2, evil.hash);
});

test('builders that collude on an obscure release have no seats on it, however many they are', async (t) => {
  const network = await Network.start(t, {
    founders: 9,
    policy: (toml) => toml.replace('panelSeats = 15', 'panelSeats = 3'),
  });
  const release = await network.release();
  const { panel } = await network.view(release);
  assert.equal(panel.length, 3);
  const seated = network.cast.founders.filter(({ key }) => panel.includes(key));
  const others = network.cast.founders.filter(({ key }) => !panel.includes(key));
  const good = await network.build();
  const evil = await network.build();
  await network.commits(seated, release, good);
  await network.commits(others, release, evil);
  await network.closed(release);
  await network.votes(seated, release, good);
  await network.votes(others, release, evil);
  const view = await network.verdict(release);
  assert.deepEqual([view.state, view.winner], ['final', good.hash]);
  for (const key of others) assert.match(reasonOf(view, key), /the lot gave its 3 seats to others/);
});

test('one builder that signs with many keys, of one operator or of one network, has one weight', async (t) => {
  const network = await Network.start(t, {
    founders: 8,
    registration: (at) => (at < 3 ? {} : at < 6 ? { operator: 'One Ltd' } : { prefixes: ['192.0.2.0/24'] }),
  });
  const { founders } = network.cast;
  const [honest, alike] = [founders.slice(0, 3), founders.slice(3)];
  const good = await network.build();
  const evil = await network.build();
  const release = await network.run(
    new Map([
      [good, honest],
      [evil, alike],
    ]),
  );
  const view = await network.verdict(release);
  assert.equal(view.panel.length, 5, 'three alone, one for the operator, one for the network');
  assert.equal(view.winner, null, 'two of five can still contest');
  assert.equal(view.groups.find(({ infoHashV2 }) => infoHashV2 === evil.hash)?.counted, 2, 'of five keys');
});

test('a release whose output differs from build to build wins nothing and ruins no record', async (t) => {
  const network = await Network.start(t, { founders: 5 });
  const { founders } = network.cast;
  const groups = new Map(
    await Promise.all(founders.map(async (key) => [await network.build(), [key]] as const)),
  );
  const view = await network.verdict(await network.run(groups));
  assert.equal(view.winner, null);
  for (const key of founders) assert.equal((await network.standing(key)).eligible, true);
});

test('who diverged cannot wash it off: under its key or a new one it begins from nothing', async (t) => {
  const network = await Network.start(t, { founders: 5, policy: quickTenure(2) });
  const { founders } = network.cast;
  const [newcomer] = strangers(1) as [PrivateKey];
  await network.register(newcomer);
  const first = await network.run(new Map([[await network.build(), [...founders, newcomer]]]), NAMES[0]);
  await network.verdict(first);
  assert.equal((await network.builders()).get(newcomer.key)?.tenure.builds, 1);
  const second = await network.run(
    new Map([
      [await network.build(), founders],
      [await network.build(), [newcomer]],
    ]),
    NAMES[1],
  );
  await network.verdict(second);
  const again = generateKey('again');
  await network.register(again, { operator: newcomer.name });
  const views = await network.builders();
  assert.match(views.get(newcomer.key)?.diverged?.why ?? '', /built something else/);
  for (const { key } of [newcomer, again]) {
    assert.deepEqual(
      [views.get(key)?.tenure.builds, views.get(key)?.standing.stage],
      [0, 'newcomer'],
      'it waits for its tenure and the lot',
    );
  }
});
