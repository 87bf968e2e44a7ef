// Attacks by single builders and thieves of their keys, each carried out against a tally that runs.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { brandBytes } from '../../src/bytes/index.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { formatAnnounceUrl } from '../../src/wire/index.ts';
import { rawGet, sendRaw } from '../service/raw-http.ts';
import { digestOf, post, until } from '../service/tally-fixture.ts';
import { DAY_SECONDS, digestOfKey, Network, reasonOf, refused, strangers, taken } from './network.ts';

/** A policy under which two honest builds on two days are tenure, and some are admitted each day. */
/** Newcomers that build honestly beside the founders until the first of them were admitted; whom the lot took. */
test('a mirror that shows, seeds and is audited for what others built counts for nothing', async (t) => {
  const network = await Network.start(t, { founders: 5 });
  const [mirror, thief, ...honest] = network.cast.founders as [PrivateKey, PrivateKey, ...PrivateKey[]];
  const release = await network.release();
  const good = await network.build();
  await network.commits(honest, release, good);
  // The thief commits to what it cannot open: a commitment binds the key of who made it.
  const { origin } = network.tally;
  const copied = await network.commit(honest[0] as PrivateKey, release, good);
  assert.equal(copied.status, 200, 'the first commitment again');
  const stranger = generateKey('not-the-builder');
  taken(await network.commit(stranger, release, good, thief));
  await network.closed(release);
  await network.votes(honest, release, good);
  refused(await network.commit(mirror, release, good), 'too-late');
  await network.votes([mirror], release, good);
  refused(await network.vote(thief, release, good), 'does-not-open');
  const view = await network.verdict(release);
  assert.deepEqual([view.state, view.winner], ['final', good.hash], origin);
  assert.equal(view.groups[0]?.counted, 3);
  assert.match(reasonOf(view, mirror), /a mirror seeds but never counts/);
  assert.match(reasonOf(view, thief), /counts as dissent: .* never opened/);
});

test('who never opens, commits twice or calls a commitment a failure gains nothing, and is suspended', async (t) => {
  const network = await Network.start(t, { founders: 8 });
  const [silent, double, ...honest] = network.cast.founders as [PrivateKey, PrivateKey, ...PrivateKey[]];
  const release = await network.release();
  const good = await network.build();
  const evil = await network.build();
  await network.commits([silent, double, ...honest], release, good);
  taken(await network.commit(double, release, evil));
  refused(
    await network.say('failure', network.subject(release), { release, reason: 'no luck' }, silent),
    'taken',
  );
  await network.closed(release);
  await network.votes(honest, release, good);
  refused(await network.vote(double, release, good), 'does-not-open');
  const view = await network.verdict(release);
  assert.deepEqual([view.state, view.winner], ['final', good.hash]);
  assert.match(reasonOf(view, silent), /counts as dissent/);
  assert.match(reasonOf(view, double), /logged two different commitments/);
  assert.equal((await network.standing(double)).stage, 'suspended');
  assert.match(
    (await network.standing(silent)).reason,
    /a commitment on .* that it has not opened .*: that suspends it on /,
  );
  network.pass(14 * DAY_SECONDS);
  await until(
    () => network.standing(silent),
    ({ stage }) => stage === 'suspended',
  );
});

test('who was away opens late and keeps its weight; who committed to garbage and hopes cannot, and is suspended', async (t) => {
  const network = await Network.start(t, { founders: 10 });
  const [laptop, garbage, ...honest] = network.cast.founders as [PrivateKey, PrivateKey, ...PrivateKey[]];
  const release = await network.release();
  const good = await network.build();
  await network.commits([laptop, ...honest], release, good);
  taken(await network.commit(garbage, release, { hash: '00'.repeat(32) }));
  await network.closed(release);
  await network.votes(honest, release, good);
  const decided = await network.verdict(release);
  assert.deepEqual([decided.state, decided.groups[0]?.counted], ['final', 8]);
  refused(await network.vote(garbage, release, good), 'does-not-open');
  refused(await network.vote(laptop, release, { hash: '11'.repeat(32) }), 'does-not-open');
  refused(await network.vote(laptop, release, good, garbage), 'does-not-open');
  taken(await network.vote(laptop, release, good));
  network.pass(1);
  refused(await network.vote(laptop, release, good), 'too-late');
  const after = await network.view(release);
  assert.deepEqual(
    [after.winner, after.groups, after.verdictMs],
    [good.hash, decided.groups, decided.verdictMs],
  );
  assert.match(reasonOf(after, laptop), /^counts as dissent: .* opened only after the verdict/);
  network.pass(13 * DAY_SECONDS);
  assert.equal((await network.standing(garbage)).eligible, true, 'not judged yet');
  refused(await network.vote(garbage, release, good), 'does-not-open');
  network.pass(DAY_SECONDS);
  await until(
    () => network.standing(garbage),
    ({ stage, reason }) => stage === 'suspended' && /never opened its commitment/.test(reason),
  );
  refused(await network.vote(garbage, release, { hash: '00'.repeat(32) }), 'too-late');
  assert.equal((await network.standing(laptop)).stage, 'founder');
});

test('an early vote that would end the independence of others is refused, and nothing shows before close', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const [early] = network.cast.founders as [PrivateKey];
  const release = await network.release();
  const good = await network.build();
  await network.commits(network.cast.founders, release, good);
  refused(await network.vote(early, release, good), 'too-early');
  const view = await network.view(release);
  assert.deepEqual(view.groups, []);
  assert.ok(!JSON.stringify(view).includes(good.hash));
});

/** An urgent release, open for commitments. */
async function urgently(t: TestContext): Promise<{ network: Network; release: string }> {
  const network = await Network.start(t, {
    founders: 5,
    policy: (toml) =>
      `${toml.replace('commitFloorSeconds = 60', 'commitFloorSeconds = 3600')}\n[urgent]\nfounders = 2\ncommitFloorSeconds = 100\nvoteFloorSeconds = 200\nprovisionalClusters = 3\n`,
  });
  const { publisher, founders } = network.cast;
  refused(await post(network.tally, network.releaseEntry({ urgent: true })), 'wrong-signer');
  const release = await network.release({ urgent: true }, [publisher, ...founders.slice(0, 2)]);
  return { network, release };
}

test('poisoners cannot hold an urgent release up: three founders make it provisional, and it wins', async (t) => {
  const { network, release } = await urgently(t);
  const { founders } = network.cast;
  const poisoners = strangers(4, 'poisoner');
  for (const key of poisoners) await network.register(key);
  const good = await network.build();
  const evil = await network.build();
  await network.commits(poisoners, release, evil);
  await network.commits(founders.slice(0, 4), release, good);
  await network.closed(release);
  await network.votes(poisoners, release, evil);
  await network.votes(founders.slice(0, 3), release, good);
  const provisional = await network.view(release);
  assert.deepEqual(
    [provisional.state, provisional.winner],
    ['provisional', null],
    'shown, and no winner yet',
  );
  assert.equal(provisional.provisional?.infoHashV2, good.hash);
  await network.votes(founders.slice(3, 4), release, good);
  const view = await network.verdict(release);
  assert.deepEqual(
    [view.state, view.winner],
    ['final', good.hash],
    'the founder that stays away is no dissent',
  );
});

test('known limit: two of five founders that build something else contest an urgent release in the open', async (t) => {
  const { network, release } = await urgently(t);
  const { founders } = network.cast;
  const good = await network.build();
  const evil = await network.build();
  await network.commits(founders.slice(0, 3), release, good);
  await network.commits(founders.slice(3), release, evil);
  await network.closed(release);
  await network.votes(founders.slice(3), release, evil);
  await network.votes(founders.slice(0, 3), release, good);
  assert.equal((await network.view(release)).state, 'voting', 'not provisional');
  const view = await network.verdict(release);
  assert.deepEqual([view.state, view.winner], ['contested', null]);
  assert.deepEqual(
    view.groups.map(({ counted }) => counted),
    [3, 2],
  );
});

test('a thief of a builder’s key cannot take the builder over; the owner moves on, and the new key cools', async (t) => {
  const next = generateKey('next');
  const network = await Network.start(t, {
    founders: 4,
    policy: (toml) => toml.replace('heartbeatSeconds', 'coolingDays = 2\nheartbeatSeconds'),
    registration: (at) => (at === 0 ? { next } : {}),
  });
  const [stolen] = network.cast.founders as [PrivateKey];
  const thief = generateKey('thief');
  const rotation = (to: PrivateKey, ...signers: PrivateKey[]) =>
    network.say(
      'rotate',
      { name: 'rotate', sha256: stolen.key },
      {
        builder: stolen.key,
        vkey: to.vkey,
        nextKey: digestOfKey(thief),
        announceDigest: digestOfKey(to),
      },
      ...signers,
    );
  refused(await rotation(thief, thief), 'wrong-signer');
  refused(await rotation(thief, thief, stolen), 'wrong-signer');
  const before = await network.release();
  const good = await network.build();
  const evil = await network.build();
  taken(await network.commit(stolen, before, evil));
  await network.commits(network.cast.founders.slice(1), before, good);
  taken(await rotation(next, next));
  await network.closed(before);
  refused(await network.vote(stolen, before, evil), 'unknown-builder');
  await network.votes(network.cast.founders.slice(1), before, good);
  const view = await network.verdict(before);
  assert.deepEqual([view.state, view.winner], ['final', good.hash]);
  assert.match(reasonOf(view, stolen), /has a new key since/);
  assert.equal((await network.standing(stolen)).stage, 'cooling');
  const after = await network.release({ package: 'pkg:npm/%40noble/b@1.0.0' });
  assert.ok(!(await network.view(after)).panel.includes(stolen.key), 'no seat while it cools');
  network.pass(2 * DAY_SECONDS);
  await until(
    () => network.standing(stolen),
    ({ eligible }) => eligible,
  );
});

test('a revoked key counts nowhere, on a release under way as well', async (t) => {
  const network = await Network.start(t, { founders: 4 });
  const [stolen, ...honest] = network.cast.founders as [PrivateKey, ...PrivateKey[]];
  const good = await network.build();
  const evil = await network.build();
  const release = await network.run(
    new Map([
      [evil, [stolen]],
      [good, honest],
    ]),
  );
  const revocation = { builder: stolen.key, reason: 'the key was stolen' };
  const subject = { name: 'revoke', sha256: stolen.key };
  refused(await network.say('revoke', subject, revocation, generateKey('anybody')), 'wrong-signer');
  taken(await network.say('revoke', subject, revocation, stolen));
  const view = await network.verdict(release);
  assert.deepEqual([view.state, view.winner], ['final', good.hash]);
  assert.match(reasonOf(view, stolen), /was revoked after this release/);
  assert.equal((await network.standing(stolen)).stage, 'revoked');
});

test('a leaked announce URL used elsewhere brings no audit, and keeps its owner from none', async (t) => {
  const network = await Network.start(t, { founders: 3 });
  const [owner, ...others] = network.cast.founders as [PrivateKey, ...PrivateKey[]];
  const release = await network.release();
  const good = await network.build();
  await network.commits([owner, ...others], release, good);
  await network.closed(release);
  await network.votes(others, release, good);
  taken(await network.vote(owner, release, good));
  const target = formatAnnounceUrl(`/announce/${owner.announceToken(network.tally.origin)}`, {
    infoHash: good.metainfo.infoHashV2.subarray(0, 20),
    peerId: brandBytes('PeerId', randomBytes(20)),
    port: 9,
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 0,
    event: 'started',
    numWant: null,
    compact: true,
    noPeerId: false,
    key: '',
    trackerId: '',
  });
  await sendRaw({ url: network.tally.url }, rawGet(target), { localAddress: '127.0.199.1' });
  assert.equal((await network.view(release)).groups[0]?.counted, 2, 'the thief serves nothing');
  await network.seed(owner, good);
  await network.when(release, ({ groups }) => groups[0]?.counted === 3);
});

test('what was signed for one tally, release or time is refused for another', async (t) => {
  const here = await Network.start(t, { founders: 3 });
  const there = await Network.start(t, { founders: 3, origin: 'other.test/log', clock: here.clock });
  const [builder] = here.cast.founders as [PrivateKey];
  const release = await here.release();
  const good = await here.build();
  const commitment = here.sign(
    'commit',
    here.subject(release),
    { release, commitment: digestOfKey(builder) },
    builder,
  );
  refused(await post(there.tally, commitment), 'wrong-origin');
  taken(await post(here.tally, commitment));
  await here.commits(here.cast.founders.slice(1), release, good);
  assert.equal((await post(here.tally, commitment)).status, 200, 'its first place, and no second one');
  await here.closed(release);
  const other = await here.release({ package: 'pkg:npm/%40noble/a@1.0.0' });
  // A salt and infohash that open the commitment for one release do not open one for another.
  const voter = here.cast.founders[1] as PrivateKey;
  taken(await here.vote(voter, release, good));
  await here.commits([voter], other, await here.build());
  await here.closed(other);
  refused(await here.vote(voter, other, good), 'does-not-open');
  const late = here.releaseEntry({ package: 'pkg:npm/%40noble/c@1.0.0' });
  here.pass(DAY_SECONDS + 3600);
  refused(await post(here.tally, late), 'wrong-time');
  assert.notEqual(digestOf(late), release);
});
