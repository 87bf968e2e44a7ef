// What a monitor finds is told three times: by the exit code, as a line of JSON, and as a metric.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { toUtf8 } from '../../src/bytes/index.ts';
import { decodeLeaf, encodeLeaf } from '../../src/log/index.ts';
import type { PrivateKey } from '../../src/statement/index.ts';
import { TestLog } from '../client/test-log.ts';
import { runCommand } from '../e2e/tally-process.ts';
import { lie, NEVER, Scene } from './scene.ts';

const GOOD = 'ab'.repeat(32);
const BAD = 'ef'.repeat(32);

/** What happens to a log after it was found honest, and what is told then. */
interface Case {
  readonly kind: string;
  /** Kind of the entry that is wrong. */
  readonly entry?: string;
  readonly happens: (log: TestLog) => void;
}

const CASES: readonly Case[] = [
  {
    kind: 'fork',
    happens: (log) => {
      const last = decodeLeaf(log.entries.pop() ?? new Uint8Array());
      log.entries.push(encodeLeaf({ ...last, timeMs: last.timeMs + 1 }));
    },
  },
  {
    kind: 'rollback',
    happens: (log) => {
      log.meddle = (request, response) => {
        if (request.url === '/checkpoint') response.end(log.checkpoint(2));
        return request.url === '/checkpoint';
      };
    },
  },
  {
    kind: 'equivocation',
    entry: 'commit',
    happens: (log) => {
      const release = log.release(toUtf8('# a recipe\n'));
      for (const infoHashV2 of [GOOD, BAD]) log.commit(release, log.founders[0] as PrivateKey, infoHashV2);
    },
  },
  {
    kind: 'wrong-entry',
    entry: 'open',
    happens: (log) => {
      log.settle = () => lie(log, 'open', (predicate) => ({ ...predicate, panel: predicate.panel.slice(1) }));
      log.release(toUtf8('# a recipe\n'));
    },
  },
  {
    kind: 'wrong-entry',
    entry: 'verdict',
    happens: (log) => {
      const settle = log.settle.bind(log);
      log.settle = () => {
        lie(log, 'verdict', (predicate) => ({ ...predicate, infoHashV2: BAD }));
        settle();
      };
      const votes = log.founders.map((key) => ({ key, infoHashV2: GOOD }));
      log.decide(log.release(toUtf8('# a recipe\n')), votes);
    },
  },
];

for (const { kind, entry, happens } of CASES) {
  test(`${kind}${entry === undefined ? '' : ` of ${entry}`}: exit code 4, a line of JSON, a metric`, async (t) => {
    const { scene, look } = await watched(t, new TestLog());
    assert.equal((await look('--once')).code, 0);
    const monitor = await scene.start();
    await monitor.round(NEVER);
    assert.deepEqual(scene.told(), []);
    happens(scene.log);
    await requireTold(look, kind, entry);
    await monitor.round(NEVER);
    const metrics = await monitor.metrics.text();
    assert.ok(metrics.includes(`\nbitquorum_monitor_alarm{kind="${kind}"} 1\n`), metrics);
    const counted = `\nbitquorum_monitor_alarms_total{kind="${kind}",entry="${entry ?? ''}"} 1\n`;
    assert.ok(metrics.includes(counted), metrics);
  });
}

test('freeze: exit code 4, a line of JSON, a metric', async (t) => {
  const now = Date.now();
  const clock = t.mock.method(Date, 'now', () => now - 7_200_000);
  const { scene, look } = await watched(t, new TestLog());
  clock.mock.restore();
  await requireTold(look, 'freeze', undefined);
  const monitor = await scene.start();
  await monitor.round(NEVER);
  assert.match(await monitor.metrics.text(), /\nbitquorum_monitor_alarm\{kind="freeze"\} 1\n/);
});

/** A log with three builders, and the command that looks at it. */
async function watched(t: TestContext, log: TestLog) {
  const scene = await Scene.make(t, log);
  for (const [at, key] of log.founders.entries()) log.register(key, `operator-${at}`);
  const place = ['--tally', log.url, '--log-key', log.vkey, '--state', join(scene.folder, 'command')];
  const look = (...how: string[]) => runCommand(['monitor', '--json', ...place, ...how]);
  return { scene, look };
}

async function requireTold(
  look: (...how: string[]) => ReturnType<typeof runCommand>,
  kind: string,
  entry: string | undefined,
): Promise<void> {
  // The one that goes on looking ends by its alarm; a look afterwards finds the log as it still is.
  for (const how of [['--stop-on-alarm', '--every', '1'], ['--once']]) {
    const { code, stdout, stderr } = await look(...how);
    assert.equal(code, 4, stderr);
    assert.match(stderr, new RegExp(`alarms are raised about this log: ${kind}\\.`));
    const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    const alarms = events.filter(({ event }) => event === 'alarm');
    // An alarm for ever was told by the run before, which shares the folder.
    if (how[0] === '--once' && alarms.length === 0) continue;
    assert.deepEqual(
      alarms.map((alarm) => [alarm.kind, alarm.entry?.kind]),
      [[kind, entry]],
    );
  }
}
