import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeLeaf, encodeLeaf } from '../../src/log/index.ts';
import { parseTlogPolicy } from '../../src/note/index.ts';
import { generateKey } from '../../src/statement/index.ts';
import { TestLog } from '../client/test-log.ts';
import { runCommand } from '../e2e/tally-process.ts';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bitquorum-commands-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('monitor --once says by its exit code whether all is right, with the reason as a line of JSON', async (t) => {
  const folder = await folderOf(t);
  const log = new TestLog();
  await log.serve(t);
  log.register(generateKey('b'), 'operator');
  const look = (...more: string[]) =>
    runCommand([
      'monitor',
      '--json',
      '--once',
      '--tally',
      log.url,
      '--log-key',
      log.vkey,
      '--state',
      folder,
      ...more,
    ]);
  const good = await look();
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /^\{"event":"checked","size":2,"root":"[0-9a-f]{64}","timeMs":\d+\}\n$/);
  const last = decodeLeaf(log.entries.pop() ?? new Uint8Array());
  log.entries.push(encodeLeaf({ ...last, timeMs: last.timeMs + 1 }));
  const bad = await look();
  assert.equal(bad.code, 4);
  assert.match(bad.stdout, /^\{"event":"alarm","kind":"fork","message":"[^"]+","evidence":"[^"]+"\}\n$/);
  assert.match(bad.stderr, /alarms are raised about this log: fork/);
  log.meddle = (_, response) => {
    response.destroy();
    return true;
  };
  assert.equal((await look()).code, 4, 'a fork is not forgotten');
  const elsewhere = await look('--state', join(folder, 'new'));
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /the log was not reached/);
});

test('witness key prints the line that others need, and witness run refuses to do nothing', async (t) => {
  const folder = await folderOf(t);
  const out = join(folder, 'w.key');
  const made = await runCommand([
    'witness',
    'key',
    '--name',
    'w.example/w',
    '--out',
    out,
    '--algorithm',
    'ml-dsa-44',
  ]);
  assert.equal(made.code, 0, made.stderr);
  const policy = parseTlogPolicy(Buffer.from(`witness w ${made.stdout}quorum w\n`));
  assert.equal(policy.witnesses[0]?.key.algorithm, 'ml-dsa-44');
  const again = await runCommand(['witness', 'key', '--name', 'w.example/w', '--out', out]);
  assert.match(again.stderr, /exists; a key is never overwritten/);
  const data = join(folder, 'data');
  const idle = await runCommand(['witness', 'run', '--data', data, '--key', out]);
  assert.equal(idle.code, 2);
  assert.match(idle.stderr, /--log VKEY/);
  const logs = join(folder, 'logs');
  await writeFile(logs, 'log nonsense\nquorum none\n');
  const wrong = await runCommand(['witness', 'run', '--data', data, '--key', out, '--logs', logs]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^error: --logs .*logs: line 1 of the trust policy/);
});
