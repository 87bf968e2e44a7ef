// A witness is killed by SIGKILL at random moments while a log grows under it; what it ever answered must be known to it
// after each restart, and nothing is cosigned twice at one step.
//
//   npm run fault            1,000 rounds instead of those of every day
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateCosigner, writeCosignerFile } from '../../src/witness/index.ts';
import { SeededRandom, seedFrom } from '../fault/random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ALog } from './a-log.ts';
import { ask } from './scene.ts';

const ROUNDS = Math.min(Number(process.env['BITQUORUM_KILL_ROUNDS'] ?? 8), 1000);
const WITNESS = fileURLToPath(new URL('witness.process.ts', import.meta.url));

test(`${ROUNDS} kills take no cosigned head back`, async (t) => {
  const seed = seedFrom('BITQUORUM_KILL_SEED');
  t.diagnostic(`BITQUORUM_KILL_SEED=${seed}`);
  const random = new SeededRandom(seed);
  const folder = temporaryFolder('witness');
  await writeCosignerFile(join(folder, 'key'), generateCosigner('w', 'ed25519'));
  const log = new ALog();
  let answered = 0;
  let cosigned = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawn(process.execPath, [WITNESS, folder, log.key.vkey], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') },
    });
    const ended = once(child, 'close');
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const first = await ask(url, log, 0, 0);
    const known = first.status === 409 ? Number(first.text) : 0;
    assert.ok(
      known >= answered,
      `round ${round}: ${answered} were cosigned and answered, ${known} are known`,
    );
    answered = known;
    const wanted = cosigned + random.integer(1, 9);
    let timer: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        if (cosigned === wanted) timer = setTimeout(() => child.kill('SIGKILL'), random.integer(0, 15));
        const next = answered + random.integer(1, 5);
        log.grow(next);
        const { status } = await ask(url, log, answered, next);
        assert.equal(status, 200);
        answered = next;
        cosigned += 1;
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error; // else the connection broke: it was killed
    }
    await ended;
    clearTimeout(timer);
  }
  t.diagnostic(`${cosigned} cosignatures answered, head at ${answered}`);
  assert.ok(cosigned > ROUNDS);
});
