import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, toUtf8 } from '../../src/bytes/index.ts';
import { parseCheckpoint, parseNote } from '../../src/note/index.ts';
import { type CosignedHead, entriesDue } from '../../src/tally/index.ts';
import { generateCosigner } from '../../src/witness/index.ts';
import { TestLog } from '../client/test-log.ts';
import { NEVER, Scene } from './scene.ts';

const witness = generateCosigner('w.example/w', 'ed25519');

/** A log whose lots a witness gives, and what it shows, cosigned at a time. */
class WitnessedLog extends TestLog {
  cosignedSeconds = Math.floor(Date.now() / 1000) - 7200;

  constructor() {
    super('log.test/1', { witnesses: { keys: [witness.vkey], quorum: 1 } });
    this.meddle = (request, response) => {
      if (request.url !== '/checkpoint') return false;
      response.end(this.shown().note);
      return true;
    };
  }

  shown(): { note: string; head: CosignedHead } {
    const note = Buffer.from(this.checkpoint()).toString();
    const { text } = parseNote(toUtf8(note));
    const { size, root } = parseCheckpoint(text);
    const { keyId, name, signature } = witness.cosign(text, this.cosignedSeconds);
    const line = Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64');
    return {
      note: `${note}— ${name} ${line}\n`,
      head: { size, root: toHex(root), cosignatures: [line] },
    };
  }

  /** Opens what waits, by the checkpoint that is shown. */
  open(): void {
    for (const statement of entriesDue(this.tally, this.nowMs(), this.shown().head)) {
      if (statement.kind === 'open') this.append(statement, [this.logKey]);
    }
  }
}

async function scene(t: Parameters<typeof Scene.make>[0]): Promise<{ log: WitnessedLog; scene: Scene }> {
  const log = new WitnessedLog();
  log.founders.forEach((founder, number) => {
    log.register(founder, `operator ${number}`);
  });
  log.release(new Uint8Array(1));
  return { log, scene: await Scene.make(t, log) };
}

test('an operator that lets a cosigned checkpoint pass and draws the lot by a later one is told, with both', async (t) => {
  const { log, scene: at } = await scene(t);
  const monitor = await at.start();
  await monitor.round(NEVER);
  // It knows by now what this checkpoint would draw, and waits for another.
  log.register(log.founders[0] ?? assert.fail(), 'operator 0');
  log.cosignedSeconds += 3600;
  log.open();
  await monitor.round(NEVER);
  assert.deepEqual(at.told(), ['late-seed']);
  const evidence = await at.evidence('late-seed');
  for (const name of ['earlier.checkpoint', 'entry.leaf', 'entry.tlog-proof'])
    assert.ok(evidence.has(name), name);
  assert.deepEqual([...monitor.alarms], ['late-seed'], 'it stays');
});

test('a lot drawn by the checkpoint that was shown, or soon after, is no alarm', async (t) => {
  for (const laterSeconds of [0, 500]) {
    const { log, scene: at } = await scene(t);
    const monitor = await at.start();
    await monitor.round(NEVER);
    log.register(log.founders[0] ?? assert.fail(), 'operator 0');
    log.cosignedSeconds += laterSeconds;
    log.open();
    await monitor.round(NEVER);
    assert.deepEqual(at.told(), []);
    assert.equal(log.tally.alarmsTotal, 0);
  }
});
