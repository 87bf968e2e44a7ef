// Attacks by publishers and by who claims to be one, each carried out against a tally that runs.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireWinner, resolveRelease, TallyClient, type Winner } from '../../src/client/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { ask, digestOf, PACKAGE, post } from '../service/tally-fixture.ts';
import { Network, refused, strangers, taken } from './network.ts';

/** What a client makes of a name, with the whole log counted by itself. */
async function resolved(network: Network, name: string): Promise<Winner> {
  const { tally, clock, folder } = network;
  const result = await resolveRelease(new TallyClient(tally.url), name, {
    logKey: tally.logKey,
    stateFolder: join(folder, 'state'),
    full: true,
    nowMs: () => clock.nowMs(),
    signal: AbortSignal.timeout(10_000),
  });
  return requireWinner(result);
}

/** Asks a client until the tally has published what the test waits for. */
async function resolvesTo(network: Network, name: string, wanted: string | RegExp): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const got = await resolved(network, name).then(
      ({ group }) => group.infoHashV2,
      (error: unknown) => String(error),
    );
    if (typeof wanted === 'string' ? got === wanted : wanted.test(got)) return;
    assert.ok(tries < 100, `${name} came to ${got}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

test('a stranger that squats a name, or a publisher that reaches beyond its prefix, is refused at the door', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const [stranger] = strangers(1, 'squatter');
  assert.ok(stranger);
  await network.register(stranger);
  refused(await post(network.tally, network.releaseEntry({}, [stranger])), 'unknown-publisher');
  const beyond = network.releaseEntry({ package: 'pkg:npm/left-pad@1.0.0' });
  refused(await post(network.tally, beyond), 'unknown-publisher');
  const { body } = await ask(`${network.tally.url}/api/v1/releases`);
  assert.deepEqual(body['releases'], []);
});

test('a stolen publisher’s key makes a name contested, never other bytes; a takedown of the rival gives it back', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const { founders, publisher } = network.cast;
  const good = await network.build();
  const release = await network.run(new Map([[good, founders]]));
  await network.verdict(release);
  await resolvesTo(network, PACKAGE, good.hash);

  const forged = network.releaseEntry({}, [publisher], 'a forged recipe');
  taken(await post(network.tally, forged));
  const rival = digestOf(forged);
  network.pass(1);
  await resolvesTo(network, PACKAGE, /contested|rival/);
  await resolvesTo(network, release, good.hash);
  assert.deepEqual((await network.view(rival)).panel, [], 'nobody is asked to build it');
  taken(
    await network.say('takedown', network.subject(rival), { release: rival, reason: 'forged' }, publisher),
  );
  network.pass(1);
  await resolvesTo(network, PACKAGE, good.hash);
});

test('unlawful content is taken down by its publisher or by founders, by nobody else, and no client gets it', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const { founders } = network.cast;
  const good = await network.build();
  const release = await network.run(new Map([[good, founders]]));
  await network.verdict(release);
  await resolvesTo(network, PACKAGE, good.hash);
  const subject = network.subject(release);
  const predicate = { release, reason: 'unlawful' };
  refused(await network.say('takedown', subject, predicate, generateKey('censor')), 'wrong-signer');
  refused(await network.say('takedown', subject, predicate, ...founders.slice(0, 1)), 'wrong-signer');
  taken(await network.say('takedown', subject, predicate, ...founders.slice(0, 2)));
  network.pass(1);
  const view = await network.view(release);
  assert.deepEqual([view.state, view.winner], ['taken down', null]);
  await resolvesTo(network, PACKAGE, /taken down/);
  await resolvesTo(network, release, /taken down/);
});

test('known limit: a source or compiler that is evil everywhere is rebuilt everywhere, and wins', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const evil = await network.build();
  const release = await network.run(new Map([[evil, network.cast.founders]]));
  assert.equal((await network.verdict(release)).winner, evil.hash);
});
