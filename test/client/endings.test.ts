import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoWinnerError, requireWinner, resolveRelease, TallyClient } from '../../src/client/index.ts';
import { makeStatement } from '../../src/statement/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PACKAGE, someInfoHash, TestLog } from './test-log.ts';

const signal = new AbortController().signal;
const NEWER = PACKAGE.replace(/@[^@]*$/, '@99.0.0');

const urgent = { founders: 2, commitFloorSeconds: 1, voteFloorSeconds: 1, provisionalClusters: 3 };

async function scene(): Promise<{ log: TestLog; resolve: () => ReturnType<typeof resolveRelease> }> {
  const stateFolder = temporaryFolder('endings');
  const log = new TestLog(undefined, { urgent });
  for (const [index, key] of log.founders.entries()) log.register(key, `operator ${index}`);
  const resolve = () =>
    resolveRelease(new TallyClient(log.url), PACKAGE, {
      logKey: log.vkey,
      stateFolder,
      full: true,
      signal,
      nowMs: () => log.nowMs(),
    });
  return { log, resolve };
}

function votesOf(log: TestLog) {
  return log.founders.slice(0, 3).map((key) => ({ key, infoHashV2: someInfoHash(1) }));
}

test('before the verdict of an urgent release there is no winner, unless one asks for what founders agree on', async (context) => {
  const { log, resolve } = await scene();
  const windows = { urgent: true, voteSeconds: 86_400 };
  const release = log.release(Buffer.from('recipe'), windows, [log.publisher, ...log.founders.slice(0, 2)]);
  log.decide(release, votesOf(log));
  await log.serve(context);
  const resolution = await resolve();
  assert.equal(resolution.release.state, 'provisional');
  assert.match(
    resolution.mentions.map(({ text }) => text).join(),
    /^NOT DECIDED: this urgent release is provisional/,
  );
  assert.throws(
    () => requireWinner(resolution),
    (error: unknown) =>
      error instanceof NoWinnerError && /--full --provisional takes that at your risk/.test(error.message),
  );
  const taken = requireWinner(resolution, { provisional: true });
  assert.deepEqual(
    [taken.group.infoHashV2, taken.agreed.length, taken.dissent.length],
    [someInfoHash(1), 3, 0],
  );
});

test('a superseded release keeps its winner, and is told of with the reason; one taken down has none', async (context) => {
  const { log, resolve } = await scene();
  const old = log.release(Buffer.from('recipe'));
  log.decide(old, votesOf(log));
  const newer = log.release(Buffer.from('another recipe'), { package: NEWER });
  const subject = { name: PACKAGE, sha256: old };
  const bound = { ...log.bound(), release: old };
  log.append(makeStatement('supersede', subject, { ...bound, by: newer, reason: 'a \u{61} flaw' }), [
    log.publisher,
  ]);
  log.settle();
  await log.serve(context);
  const superseded = requireWinner(await resolve());
  assert.equal(superseded.group.infoHashV2, someInfoHash(1));
  const [mention] = superseded.mentions;
  assert.match(
    mention?.text ?? '',
    new RegExp(`^this release is superseded by release ${newer} \\(entry \\d+\\): a a flaw$`),
  );
  log.append(makeStatement('takedown', subject, { ...bound, reason: 'unlawful' }), [log.publisher]);
  log.settle();
  const gone = await resolve();
  assert.throws(
    () => requireWinner(gone, { provisional: true }),
    (error: unknown) =>
      error instanceof NoWinnerError && /it is taken down \(entry \d+: unlawful\)/.test(error.message),
  );
});
