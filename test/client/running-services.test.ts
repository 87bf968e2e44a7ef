// The levels of a client against a tally, two witnesses, two monitors and seeders that run.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toHex, toUtf8 } from '../../src/bytes/index.ts';
import { getRelease, TallyClient, verifyFile } from '../../src/client/index.ts';
import { Monitor } from '../../src/monitor/index.ts';
import { parseTlogPolicy, type TlogPolicy } from '../../src/note/index.ts';
import { initTally, startTally } from '../../src/service/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { Engine } from '../../src/swarm/index.ts';
import { createTorrent } from '../../src/torrent/index.ts';
import { generateCosigner, startWitness } from '../../src/witness/index.ts';
import {
  ask,
  ballot,
  builderEntry,
  digestOf,
  makeCast,
  PACKAGE,
  policyToml,
  post,
  releaseEntry,
  until,
} from '../service/tally-fixture.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ORIGIN = 'levels.invalid/log';

/** A tally whose policy names monitors and whose checkpoints are cosigned, by Ed25519 and by ML-DSA-44. */
async function startAll(context: TestContext, folder: string) {
  const cast = makeCast();
  const monitorKeys = [generateKey('monitor-a'), generateKey('monitor-b')];
  const dataFolder = join(folder, 'data');
  const monitors = `[monitors]\nkeys = ${JSON.stringify(monitorKeys.map(({ vkey }) => vkey))}\nquorum = 2\n`;
  const { vkey: logKey } = await initTally({
    dataFolder,
    policyToml: policyToml(cast) + monitors,
    founders: cast.founders.slice(0, 1),
    origin: ORIGIN,
  });
  const lines: string[] = [];
  for (const algorithm of ['ed25519', 'ml-dsa-44'] as const) {
    const cosigner = generateCosigner(`${algorithm}.invalid/w`, algorithm);
    const witness = await startWitness({
      dataFolder: join(folder, algorithm),
      cosigners: [cosigner],
      logs: [logKey],
    });
    context.after(() => witness.close());
    lines.push(`witness ${algorithm} ${cosigner.vkey} ${witness.url}`);
  }
  lines.push('group both all ed25519 ml-dsa-44', 'quorum both', '');
  const witnesses: TlogPolicy = parseTlogPolicy(toUtf8(lines.join('\n')));
  const tally = await startTally({ dataFolder, witnesses });
  context.after(() => tally.close());
  const opened: Monitor[] = [];
  for (const signer of monitorKeys) {
    opened.push(
      await Monitor.open({ tally: tally.url, logKey, folder: join(folder, signer.name), signer, witnesses }),
    );
  }
  return { cast, tally, logKey, witnesses, monitors: opened };
}

test('a client gets a release on the level that monitors and witnesses make possible, and verifies it offline', async (context) => {
  const folder = temporaryFolder('levels');
  const { cast, tally, logKey, witnesses, monitors } = await startAll(context, folder);
  const content = join(folder, 'noble-hashes-2.0.1.tgz');
  await writeFile(content, randomBytes(200_000));
  const { metainfo } = await createTorrent(content);
  const infoHashV2 = toHex(metainfo.infoHashV2);

  for (const founder of cast.founders) await post(tally, builderEntry(founder, ORIGIN));
  const entry = releaseEntry(cast.publisher, ORIGIN, { voteSeconds: 5 });
  await post(tally, entry);
  const release = digestOf(entry);
  const view = async () => (await ask(`${tally.url}/api/v1/releases/${release}`)).body;
  await until(view, ({ state }) => state === 'committing');
  const ballots = cast.founders.map((key) => ballot(key, ORIGIN, release, infoHashV2));
  for (const { commit } of ballots) await post(tally, commit());
  await until(view, ({ state }) => state === 'voting');
  for (const { vote } of ballots) await post(tally, vote());
  for (const [at, signer] of cast.founders.entries()) {
    const host = `127.0.${40 + at}.1`;
    const engine = new Engine({ host, localAddress: host });
    context.after(() => engine.close());
    await engine.listen();
    const trackers = [`${tally.url}/announce/${signer.announceToken(ORIGIN)}`];
    await engine.seed(metainfo, content, { trackers, identity: { signer } });
  }
  await until(view, ({ state }) => state === 'final', 20_000);

  const client = new TallyClient(tally.url);
  const get = (changes: object) =>
    getRelease(client, PACKAGE, {
      logKey,
      stateFolder: join(folder, 'state'),
      outFolder: join(folder, 'out'),
      witnesses,
      signal: AbortSignal.timeout(30_000),
      nowMs: Date.now,
      ...changes,
    });
  await assert.rejects(get({}), { code: 'no-quorum', message: /0 of the 2 monitors/ });
  const signal = AbortSignal.timeout(30_000);
  for (const monitor of monitors) await monitor.round(signal);
  const got = await get({ level: 'proof', askSwarm: 3 });
  assert.equal(got.winner.level, 'proof');
  assert.equal(got.winner.witnesses, 2);
  assert.deepEqual([...(got.winner.monitors?.signed ?? [])].sort(), ['monitor-a', 'monitor-b']);
  assert.deepEqual(got.asked?.proved, cast.founders.map(({ key }) => key).sort());
  assert.deepEqual(await readFile(got.path), await readFile(content));

  const full = await get({ full: true });
  assert.equal(full.winner.level, 'full');
  assert.equal(full.winner.group.infoHashV2, infoHashV2);
  assert.equal(full.alreadyThere, true);

  await tally.close();
  const proof = await readFile(got.proofPath ?? '');
  const options = { logKey, witnesses, stateFolder: join(folder, 'elsewhere'), nowMs: Date.now, signal };
  const { winner } = await verifyFile(got.path, proof, { ...options, level: 'proof' });
  assert.equal(winner.group.infoHashV2, infoHashV2);
});
