// As kill.test.ts, of a log whose checkpoints witnesses cosign: what is seen is cosigned at every moment, and what a witness
// has cosigned is never forgotten, be it published or not.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex, toUtf8 } from '../../src/bytes/index.ts';
import { parseTlogPolicy } from '../../src/note/index.ts';
import { generateCosigner, startWitness } from '../../src/witness/index.ts';
import { auditLog, readHead } from '../log/reading.ts';
import { LogInFolder, logKey } from '../log/samples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { witnessedBy } from './circle.ts';
import { liveAndDie } from './killed-writer.ts';
import { SeededRandom, seedFrom } from './random.ts';
import { WriterHistory } from './writer-history.ts';

const ROUNDS = Math.ceil(Number(process.env['BITQUORUM_KILL_ROUNDS'] ?? 50) / 4);

test(`${ROUNDS} kills of a witnessed log forget nothing that a witness has cosigned, and publish nothing else`, async (t) => {
  const seed = seedFrom('BITQUORUM_WITNESSED_KILL_SEED');
  t.diagnostic(`BITQUORUM_WITNESSED_KILL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  const scene = temporaryFolder('witnessed-kill');
  const lines: string[] = [];
  for (const name of ['w0', 'w1']) {
    const cosigner = generateCosigner(`w.example/${name}`, 'ed25519');
    const dataFolder = join(scene, name);
    const limits = { burst: 1e6, perSecond: 1e6 };
    const witness = await startWitness({ dataFolder, cosigners: [cosigner], logs: [logKey.vkey], limits });
    t.after(() => witness.close());
    lines.push(`witness ${name} ${cosigner.vkey} ${witness.url}\n`);
  }
  const text = toUtf8(`${lines.join('')}group g all w0 w1\nquorum g\n`);
  await writeFile(join(scene, 'policy'), text);
  const circle = witnessedBy(parseTlogPolicy(text));
  const place = await LogInFolder.make();
  t.after(() => place.remove());
  const history = new WriterHistory();
  let seen = 0;
  await place.open(); // the head of the empty tree is the only one that nobody cosigned
  await place.close();
  for (let round = 0; round < ROUNDS; round += 1) {
    const report = await liveAndDie(place.folder, round, random, join(scene, 'policy'));
    for (const { size, signatures } of report.heads) {
      assert.ok(
        size === 0 || signatures === 3,
        `a checkpoint of ${size} entries was seen without its witnesses`,
      );
    }
    const heads = (await circle.newestHeads?.()) ?? [];
    seen = Math.max(seen, ...heads.map((note) => readHead(note, logKey.vkey).size));
    const log = await place.open(circle);
    await log.whenPublished(log.size, AbortSignal.timeout(10_000));
    assert.ok(log.size >= seen, 'a witness has cosigned more than the log knows');
    await history.check(log, report);
    await place.close();
  }
  const log = await place.open(circle);
  const entries = await auditLog(log);
  assert.deepEqual(
    entries.map(({ leafHash }) => toHex(leafHash)),
    history.leafHashes,
  );
  assert.ok(seen > ROUNDS, 'the test did kill a log at work');
});
