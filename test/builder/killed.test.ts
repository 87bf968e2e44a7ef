import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeKeyFile } from '../../src/statement/index.ts';
import { TestLog } from '../client/test-log.ts';
import { craftArchive, putInCache } from './archive.ts';
import { smallRecipe, temporaryFolder } from './recipes.ts';

const MAIN = new URL('../../src/cli/bitquorum.ts', import.meta.url).pathname;
/** The moments at which the builder is killed, each followed by a new start. */
const KILL_AT = ['listening', 'building', 'built', 'committed', 'voted', 'seeding'] as const;

/** A script whose output differs at each run: a builder that builds twice would commit to something else. */
const UNSTABLE = `import { writeFileSync } from 'node:fs'; writeFileSync('out/a.txt', String(process.hrtime.bigint()));`;

test('a builder killed at each step keeps to one commitment, and opens it', async (context) => {
  const folder = await temporaryFolder(context);
  const archive = craftArchive([{ path: 'package/hello.txt', content: 'hello' }]);
  const integrity = await putInCache(join(folder, 'cache'), archive);
  const log = new TestLog();
  const [key] = log.founders;
  assert.ok(key);
  for (const founder of log.founders) log.register(founder, founder.name);
  const sources = [{ name: 'small', uri: 'pkg:npm/small@1.0.0', integrity }];
  const digest = log.release(Buffer.from(smallRecipe({ integrity, script: UNSTABLE })), { sources });
  await log.serve(context);
  const keyFile = join(folder, 'key');
  await writeKeyFile(keyFile, key);
  const args = ['builder', 'run', '--json', '--tally', log.url, '--log-key', log.vkey, '--key', keyFile];
  const folders = ['--data', join(folder, 'data'), '--cache', join(folder, 'cache'), '--trust-release'];
  const ballot = () => log.tally.releases.get(digest)?.ballots.get(key.key);

  let commitment: string | undefined;
  for (const moment of KILL_AT) {
    if (moment === 'voted') {
      log.aheadMs += 61_000;
      log.settle();
    }
    const builder = start(context, [MAIN, ...args, ...folders]);
    await seeOrKnow(builder, moment, () => moment !== 'seeding' && isPast(moment, ballot()));
    builder.kill('SIGKILL');
    await new Promise((resolve) => builder.once('close', resolve));
    commitment ??= ballot()?.commit?.commitment;
    assert.equal(ballot()?.commit?.commitment, commitment, `after "${moment}" the commitment is another`);
    assert.equal(ballot()?.equivocationIndex, undefined, `after "${moment}" the builder contradicted itself`);
  }
  assert.ok(ballot()?.vote, 'the vote opened the commitment');
});

/** Whether the log shows that a moment is over: it may have passed just before an earlier kill. */
function isPast(moment: string, ballot: { commit: unknown; vote: unknown } | undefined): boolean {
  if (moment === 'voted') return ballot?.vote !== undefined;
  return ballot?.commit !== undefined;
}

function start(context: TestContext, command: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

/** Waits for an event in the builder's JSON lines, or until the log shows that it is over. */
async function seeOrKnow(child: ChildProcess, event: string, isOver: () => boolean): Promise<void> {
  let seen = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const until = Date.now() + 20_000;
  while (!seen.includes(`"event":"${event}"`) && !isOver()) {
    assert.ok(Date.now() < until, `waited 20 s for "${event}", saw ${seen}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
