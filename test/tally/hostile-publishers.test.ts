import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits, isNamedBlob, resolvePackage } from '../../src/tally/index.ts';
import { all, COMMIT_SECONDS, hexOf, PACKAGE, PUBLISHER, rulesWith, SECOND, World } from './world.ts';

const honest = hexOf('honest build');
const stranger = hexOf('stranger');

function door(world: World, signer: string, change: Parameters<World['release']>[0] = {}): string {
  const answer = admits(world.tally, world.releaseStatement(change), [signer], world.nowMs);
  return answer.ok ? 'admitted' : answer.code;
}

test('a stranger’s release is refused at the door; in a log it has no panel and no name', () => {
  const world = World.founded();
  assert.equal(door(world, stranger), 'unknown-publisher');
  const release = world.release({}, stranger);
  world.pass(SECOND);
  const view = world.view(release);
  assert.deepEqual([view.authorised, view.state, view.panel, view.builders], [false, 'announced', [], []]);
  assert.equal(resolvePackage(world.tally, PACKAGE), undefined);
  world.commit(0, release, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'unknown-publisher');
});

test('the longest fitting prefix decides who publishes', () => {
  const narrow = hexOf('narrow');
  const publishers = [
    { prefix: 'pkg:npm/', keys: [PUBLISHER] },
    { prefix: 'pkg:npm/%40noble/hashes@', keys: [narrow] },
  ];
  const world = World.founded(rulesWith({ publishers }));
  assert.equal(door(world, PUBLISHER), 'unknown-publisher');
  assert.equal(door(world, narrow), 'admitted');
  assert.equal(door(world, PUBLISHER, { package: 'pkg:npm/%40noble/ciphers@1.0.0' }), 'admitted');
  assert.equal(door(world, narrow, { package: 'pkg:npm/%40noble/ciphers@1.0.0' }), 'unknown-publisher');
});

test('signing a publisher’s release first does not spoil it', () => {
  const world = World.founded();
  const statement = world.releaseStatement();
  const digest = world.append(statement, [stranger]).payloadDigest;
  assert.equal(world.view(digest).authorised, false);
  world.append(statement, [PUBLISHER]);
  world.pass(SECOND);
  assert.deepEqual([world.view(digest).authorised, world.view(digest).state], [true, 'committing']);
  world.append(statement, [stranger]);
  assert.equal(world.tally.refusals.at(-1)?.code, 'duplicate');
  assert.equal(world.view(digest).publisher, PUBLISHER);
});

test('a rival of a live release makes the name contested; each still stands under its digest', () => {
  const world = World.founded();
  const release = world.opened();
  world.run(release, all(honest, 0, 1, 2));
  world.verdict(release);
  assert.equal(resolvePackage(world.tally, PACKAGE)?.winner, honest);
  const evil = { recipe: { sha256: hexOf('evil recipe'), sizeBytes: 1 } };
  assert.equal(door(world, PUBLISHER, evil), 'admitted', 'it is evidence of a stolen key');
  const rival = world.opened(evil);
  assert.deepEqual(
    [world.view(rival).state, world.view(rival).panel, world.view(rival).rivals],
    ['contested', [], [release]],
  );
  const byName = resolvePackage(world.tally, PACKAGE);
  assert.deepEqual([byName?.digest, byName?.state, byName?.winner], [release, 'contested', null]);
  assert.deepEqual([world.view(release).state, world.view(release).winner], ['final', honest]);
  world.commit(0, rival, honest);
  assert.equal(world.tally.refusals.at(-1)?.code, 'taken');
  assert.equal(world.tally.alarmsTotal, 0);
});

test('a release that failed for want of votes may be tried again', () => {
  const world = World.founded();
  const first = world.opened();
  world.pass(COMMIT_SECONDS * SECOND);
  assert.equal(world.verdict(first).state, 'failed');
  const second = world.opened();
  assert.notEqual(second, first);
  assert.equal(world.view(first).state, 'superseded');
  world.run(second, all(honest, 0, 1, 2));
  world.verdict(second);
  assert.equal(resolvePackage(world.tally, PACKAGE)?.winner, honest);
});

test('a contested release is not tried again until its publisher gets its way', () => {
  const world = World.founded();
  const first = world.opened();
  world.run(first, new Map([0, 1, 2, 3].map((number) => [number, number < 2 ? honest : hexOf('other')])));
  assert.equal(world.verdict(first).state, 'contested');
  world.opened();
  assert.equal(resolvePackage(world.tally, PACKAGE)?.state, 'contested');
});

test('windows below the policy’s floors are refused', () => {
  const world = World.founded();
  assert.equal(door(world, PUBLISHER, { commitSeconds: 59 }), 'window-below-floor');
  assert.equal(door(world, PUBLISHER, { voteSeconds: 59 }), 'window-below-floor');
  const before = world.tally.releases.size;
  world.release({ voteSeconds: 1 });
  assert.equal(world.tally.releases.size, before);
});

test('only recipes and policies that an entry names are blobs of this log', () => {
  const world = World.founded();
  world.release();
  assert.equal(isNamedBlob(world.tally, hexOf('recipe')), true);
  assert.equal(isNamedBlob(world.tally, hexOf('anything')), false);
});

test('a thief that floods a name with rivals is stopped at sixteen, all of them listed; taken down, the name is free of them', () => {
  const world = World.founded();
  const holder = world.opened();
  const rivals = Array.from({ length: 16 }, (_, at) =>
    world.release({ recipe: { sha256: hexOf(`recipe ${at}`), sizeBytes: 1 } }),
  );
  const next = world.releaseStatement({ recipe: { sha256: hexOf('one too many'), sizeBytes: 1 } });
  const answer = admits(world.tally, next, [PUBLISHER], world.nowMs);
  assert.deepEqual(answer.ok ? '' : answer.code, 'taken');
  world.append(next, [PUBLISHER]);
  assert.equal(world.tally.releases.size, 17);
  assert.deepEqual([...world.view(holder).rivals].sort(), rivals.sort());
  for (const rival of rivals) world.takedown(rival);
  assert.deepEqual(world.view(holder).rivals, []);
  assert.equal(resolvePackage(world.tally, PACKAGE)?.state, 'committing');
});
