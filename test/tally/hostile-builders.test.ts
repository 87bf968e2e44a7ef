import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStatement, type Statement } from '../../src/statement/index.ts';
import { admits } from '../../src/tally/index.ts';
import {
  all,
  builderKey,
  COMMIT_SECONDS,
  digestOfKey,
  HOUR,
  hexOf,
  keyOf,
  ORIGIN,
  rulesWith,
  SECOND,
  VOTE_SECONDS,
  World,
} from './world.ts';

const honest = hexOf('honest build');
const upstream = hexOf('upstream binary');

/** What the door says to a statement: `admitted`, or the refusal's code. */
function door(world: World, statement: Statement, ...signers: string[]): string {
  const answer = admits(world.tally, statement, signers, world.nowMs);
  return answer.ok ? 'admitted' : answer.code;
}

/** The code of the latest refusal that the count recorded. */
function lastRefusal(world: World): string | undefined {
  return world.tally.refusals.at(-1)?.code;
}

test('a mirror that copies a vote it saw never counts, seeding and audited or not', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1));
  const copied = world.voteStatement(release, honest, hexOf('salt 0'));
  assert.equal(door(world, copied, builderKey(2)), 'admitted');
  world.vote(2, release, honest, hexOf('salt 0'));
  world.audit(release, honest, 2);
  const view = world.verdict(release);
  assert.deepEqual([view.state, view.groups[0]?.counted, view.groups[0]?.total], ['failed', 2, 3]);
  assert.match(
    world.standing(release, 2),
    /^not counted: voted without a commitment before close — a mirror/,
  );
});

test('a mirror that commits a copied commitment cannot open it: it binds the key', () => {
  const world = World.founded();
  const release = world.opened();
  const seen = world.commit(0, release, honest);
  world.append(seen.statement, [builderKey(2)]);
  world.pass(COMMIT_SECONDS * SECOND);
  world.vote(0, release, honest);
  world.vote(2, release, honest, hexOf('salt 0'));
  assert.equal(lastRefusal(world), 'does-not-open');
  assert.match(world.standing(release, 2), /^waiting: .*never opening it is dissent$/);
});

test('known limit: a freeloader that commits upstream’s public binary beforehand counts', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(upstream, 0, 1, 2));
  assert.equal(world.verdict(release).winner, upstream);
});

test('a commitment after the window is refused at the door, and counts for nothing in a log', () => {
  const world = World.founded();
  const release = world.opened();
  world.nowMs += COMMIT_SECONDS * SECOND;
  const late = world.commitStatement(0, release, honest);
  assert.equal(door(world, late, builderKey(0)), 'too-late', 'even before close is written');
  const { index } = world.commit(0, release, honest);
  world.run(release, all(honest, 1, 2));
  assert.equal(lastRefusal(world), 'too-late');
  assert.match(world.standing(release, 0), new RegExp(`^not counted: .*\\(entry ${index}\\)$`));
});

test('a commitment between close and a vote does not make the vote count', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1));
  const late = world.commit(2, release, honest);
  world.vote(2, release, honest);
  world.audit(release, honest, 2);
  assert.equal(world.verdict(release).groups[0]?.counted, 2);
  assert.equal(
    world.standing(release, 2),
    `not counted: voted without a commitment before close (its commitment, entry ${late.index}, came after) — a mirror seeds but never counts`,
  );
});

test('never opening a commitment is dissent, and stays on the record', () => {
  const world = World.founded();
  const release = world.opened();
  const commits = [3, 4].map((number) => world.commit(number, release, upstream).index);
  world.run(release, all(honest, 0, 1, 2));
  const view = world.verdict(release);
  assert.deepEqual([view.state, view.winner], ['contested', null], '3 of 5 votes cast are below two thirds');
  assert.equal(
    world.standing(release, 3),
    `counts as dissent: committed before close (entry ${commits[0]}) and never opened`,
  );
  assert.equal(world.tally.builders.get(builderKey(3))?.record.unopened, 1);
});

test('two commitments are equivocation: admitted as evidence, and neither counts', () => {
  const world = World.founded();
  const release = world.opened();
  const first = world.commit(3, release, honest);
  assert.equal(door(world, world.commitStatement(3, release, upstream), builderKey(3)), 'admitted');
  assert.equal(door(world, first.statement, builderKey(3)), 'duplicate');
  const second = world.commit(3, release, upstream);
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(
    door(world, world.voteStatement(release, honest, hexOf('salt 3')), builderKey(3)),
    'does-not-open',
  );
  world.vote(3, release, honest);
  const view = world.verdict(release);
  assert.deepEqual([view.state, view.groups[0]?.counted, view.groups[0]?.total], ['final', 3, 3]);
  assert.equal(
    world.standing(release, 3),
    `not counted: logged two different commitments (entries ${first.index} and ${second.index}), so neither counts`,
  );
  assert.equal(world.tally.builders.get(builderKey(3))?.record.equivocated, 1);
});

test('two votes are equivocation: the counted one is lost too', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  assert.equal(world.view(release).groups[0]?.counted, 3);
  world.vote(2, release, upstream);
  assert.equal(world.verdict(release).state, 'failed');
  assert.match(world.standing(release, 2), /^not counted: logged two different votes/);
});

test('a vote before close is refused: it would end the independence of others', () => {
  const world = World.founded();
  const release = world.release();
  const early = world.voteStatement(release, honest, hexOf('salt 0'));
  assert.equal(door(world, early, builderKey(0)), 'too-early');
  world.pass(0);
  world.commit(0, release, honest);
  assert.equal(door(world, early, builderKey(0)), 'too-early');
  world.vote(0, release, honest);
  assert.equal(lastRefusal(world), 'too-early');
  assert.deepEqual(world.view(release).groups, []);
  world.pass(COMMIT_SECONDS * SECOND);
  world.vote(0, release, honest);
  assert.equal(world.view(release).groups[0]?.total, 1, 'it may still vote in its time');
});

test('votes and audits after the vote window are refused', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1));
  world.commit(2, release, honest);
  world.nowMs += VOTE_SECONDS * SECOND;
  world.vote(2, release, honest);
  assert.equal(lastRefusal(world), 'too-late');
  world.pass(0);
  assert.equal(world.view(release).state, 'failed');
  world.audit(release, honest, 0);
  assert.equal(lastRefusal(world), 'too-late');
  assert.equal(
    world.tally.alarmsTotal,
    0,
    'an audit that crossed the end of the window is no lie of the log',
  );
});

test('a vote that was never audited does not count', () => {
  const world = World.founded();
  const release = world.opened();
  for (const number of [0, 1, 2]) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  for (const number of [0, 1, 2]) world.vote(number, release, honest);
  world.audit(release, honest, 0, 1);
  assert.match(world.standing(release, 2), /^waiting: .*an audit has not yet seen it seed$/);
  assert.equal(world.verdict(release).state, 'failed');
  assert.match(
    world.standing(release, 2),
    /^not counted: .*no audit saw it seed before the vote window ended$/,
  );
});

test('a failure is no way out after a commitment', () => {
  const world = World.founded();
  const release = world.opened();
  world.commit(0, release, honest);
  world.fail(0, release);
  assert.equal(lastRefusal(world), 'taken');
  assert.equal(world.view(release).builders.find(({ key }) => key === builderKey(0))?.failure, undefined);
});

test('statements made for another log, another release or another time are refused', () => {
  const world = World.founded();
  const release = world.opened();
  const other = world.opened({ package: 'pkg:npm/%40noble/ciphers@1.0.0' });
  const made = world.commitStatement(0, release, honest);
  assert.ok(made.kind === 'commit');
  const change = (predicate: object, subject = made.subject) =>
    makeStatement('commit', subject, { ...made.predicate, ...predicate });
  assert.equal(door(world, change({ origin: 'other.example/log' }), builderKey(0)), 'wrong-origin');
  assert.equal(door(world, change({ timeMs: world.nowMs - 25 * HOUR }), builderKey(0)), 'wrong-time');
  assert.equal(door(world, change({ timeMs: world.nowMs + HOUR }), builderKey(0)), 'wrong-time');
  assert.equal(
    door(world, change({}, { name: 'pkg:npm/%40noble/ciphers@1.0.0', sha256: release }), builderKey(0)),
    'wrong-subject',
  );
  const unknown = hexOf('no release');
  assert.equal(
    door(world, change({ release: unknown }, { ...made.subject, sha256: unknown }), builderKey(0)),
    'unknown-release',
  );
  // The same salt and infohash for the other release: what was committed there must be opened there.
  for (const digest of [release, other]) world.commit(0, digest, digest === other ? upstream : honest);
  world.pass(COMMIT_SECONDS * SECOND);
  assert.equal(
    door(world, world.voteStatement(other, honest, hexOf('salt 0')), builderKey(0)),
    'does-not-open',
  );
});

test('strangers, nobody and several keys at once cannot commit', () => {
  const world = World.founded();
  const release = world.opened();
  const commit = world.commitStatement(9, release, honest);
  assert.equal(door(world, commit, builderKey(9)), 'unknown-builder');
  assert.equal(door(world, commit), 'wrong-signer');
  assert.equal(door(world, commit, builderKey(0), builderKey(1)), 'wrong-signer');
  const releases = world.tally.releases.size;
  world.append(world.releaseStatement({ package: 'pkg:npm/%40noble/unsigned@1.0.0' }), []);
  assert.equal(world.tally.releases.size, releases);
});

test('one weight for one operator: the second builder has no seat, whoever it is', () => {
  const world = World.founded(rulesWith(), 0);
  for (const number of [0, 1, 2]) world.register(number);
  world.register(3, { operator: 'Operator 0' });
  const release = world.opened();
  assert.deepEqual(world.view(release).panel, [0, 1, 2].map(builderKey).sort());
  world.commit(3, release, honest);
  assert.equal(
    world.standing(release, 3),
    `not counted: not on the panel: operator 0 (${builderKey(0).slice(0, 8)}) has the one vote of its operator or network`,
  );
});

test('one weight for one network; who shares it with an older member has none, and bridges nobody', () => {
  const world = World.founded(rulesWith(), 0);
  world.register(0, { prefixes: ['192.0.2.0/25'] });
  world.register(1, { prefixes: ['2001:db8:1::/48'] });
  world.register(2, { prefixes: ['198.51.100.0/24'] });
  world.register(3, { prefixes: ['192.0.2.128/25', '2001:db8:2::/48'] });
  world.register(4, { operator: 'operator 1', prefixes: [] });
  const release = world.opened();
  assert.deepEqual(world.view(release).panel, [0, 1, 2].map(builderKey).sort());
});

test('a registration after the release changes neither its panel nor its clusters', () => {
  const world = World.founded();
  const release = world.release();
  const { panel } = world.view(release);
  world.register(1, { operator: 'operator 0', platforms: ['any'] });
  world.pass(0);
  assert.deepEqual(world.view(release).panel, panel);
  assert.equal(world.tally.alarmsTotal, 0);
  const next = world.opened({ package: 'pkg:npm/%40noble/next@1.0.0' });
  assert.equal(world.view(next).panel.length, panel.length - 1, 'it acts from then on');
});

test('a stolen key cannot change its successor', () => {
  const world = World.founded();
  const thief = world.registration(0, { nextKey: hexOf('thief') });
  assert.equal(door(world, thief, builderKey(0)), 'taken');
  world.append(thief, [builderKey(0)]);
  assert.equal(world.tally.builders.get(builderKey(0))?.predicate.nextKey, digestOfKey(keyOf(0, 1)));
});

test('nobody registers another’s key, or another’s announce URL', () => {
  const world = World.founded();
  assert.equal(door(world, world.registration(0), builderKey(1)), 'wrong-signer');
  assert.equal(door(world, world.registration(0), builderKey(0), builderKey(1)), 'wrong-signer');
  const { predicate } = world.tally.builders.get(builderKey(0)) ?? assert.fail();
  const theft = world.registration(9, { announceDigest: predicate.announceDigest });
  assert.equal(door(world, theft, builderKey(9)), 'taken');
});

test('a builder may change its announce URL, and then another may not take the new one', () => {
  const world = World.founded();
  world.register(0, { announceDigest: hexOf('new') });
  assert.equal(door(world, world.registration(9, { announceDigest: hexOf('new') }), builderKey(9)), 'taken');
  assert.equal(world.tally.announceOwners.get(hexOf('new')), builderKey(0));
  assert.equal(world.tally.announceOwners.size, 5, 'the old one is forgotten, so that changes use no memory');
});

test('unequal claims about one infohash: the view shows what most of the counted say', () => {
  const world = World.founded();
  const release = world.opened();
  for (const number of [0, 1, 2]) world.commit(number, release, honest);
  world.pass(COMMIT_SECONDS * SECOND);
  const lie = world.voteStatement(release, honest, hexOf('salt 0'));
  assert.ok(lie.kind === 'vote');
  world.append({ ...lie, predicate: { ...lie.predicate, output: { name: 'evil', sizeBytes: 1 } } }, [
    builderKey(0),
  ]);
  for (const number of [1, 2]) world.vote(number, release, honest);
  world.audit(release, honest, 0, 1, 2);
  assert.equal(world.view(release).groups[0]?.output?.name, 'noble-hashes-2.0.1.tgz');
  assert.equal(ORIGIN, world.tally.context.origin);
});

test('one piece of evidence is enough: nobody fills the log with contradictions', () => {
  const world = World.founded();
  const release = world.opened();
  world.commit(0, release, honest);
  world.commit(0, release, upstream);
  assert.equal(door(world, world.commitStatement(0, release, hexOf('third')), builderKey(0)), 'taken');
  world.pass(COMMIT_SECONDS * SECOND);
  world.vote(1, release, honest);
  world.vote(1, release, upstream);
  assert.match(world.standing(release, 1), /logged two different votes/);
  const third = world.voteStatement(release, hexOf('third'), hexOf('salt 1'));
  assert.equal(door(world, third, builderKey(1)), 'taken');
});
