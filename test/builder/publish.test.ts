import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { publishRelease, readRecipe } from '../../src/builder/index.ts';
import { TallyClient } from '../../src/client/index.ts';
import { generateKey, type PrivateKey } from '../../src/statement/index.ts';
import { releaseView, releaseViews } from '../../src/tally/index.ts';
import { sendProblem, TestLog } from '../client/test-log.ts';
import { temporaryFolder } from './recipes.ts';

const RECIPE = await readFile(new URL('../../examples/noble-hashes/2.0.1.toml', import.meta.url));
const PURL = 'pkg:npm/%40noble/hashes@2.0.1';

async function scene(context: TestContext) {
  const log = new TestLog();
  for (const founder of log.founders) log.register(founder, founder.name);
  await log.serve(context);
  const stateFolder = join(await temporaryFolder(context), 'state');
  const publish = async (
    recipe: Uint8Array = RECIPE,
    signer: PrivateKey = log.publisher,
    windows: { readonly commitSeconds?: number; readonly urgentBy?: readonly PrivateKey[] } = {},
  ) =>
    publishRelease(new TallyClient(log.url), readRecipe(recipe), {
      ...windows,
      logKey: log.vkey,
      stateFolder,
      signer,
      signal: new AbortController().signal,
      nowMs: Date.now,
    });
  return { log, publish };
}

test('a release is logged with its sources and the policy’s shortest windows, and its recipe is stored', async (context) => {
  const { log, publish } = await scene(context);
  const published = await publish();
  assert.deepEqual([published.package, published.commitSeconds, published.voteSeconds], [PURL, 1, 1]);
  const view = releaseView(log.tally, published.release);
  assert.equal(view?.authorised, true);
  assert.equal(view?.recipe.sha256, createHash('sha256').update(RECIPE).digest('hex'));
  assert.deepEqual(log.blobs.get(view?.recipe.sha256 ?? ''), new Uint8Array(RECIPE));
  assert.deepEqual(
    view?.sources.map(({ uri }) => uri),
    [PURL, 'pkg:npm/typescript@5.9.2', 'pkg:npm/%40paulmillr/jsbt@0.4.4', 'pkg:npm/npm@11.4.2'],
  );
});

test('publishing again, after the recipe could not be stored, stores it and makes no rival', async (context) => {
  const { log, publish } = await scene(context);
  log.meddle = (request, response) => {
    if (request.method !== 'PUT') return false;
    sendProblem(response, 503, 'busy', 'Come back.');
    return true;
  };
  await assert.rejects(publish(), { code: 'refused', status: 503 });
  log.meddle = () => false;
  const { release, alreadyThere } = await publish();
  assert.equal(alreadyThere, true);
  assert.equal(releaseViews(log.tally).length, 1);
  assert.equal(releaseViews(log.tally)[0]?.digest, release);
  assert.equal(log.blobs.size, 1);
});

test('publishing again tells the windows that the log holds, and refuses others', async (context) => {
  const { log, publish } = await scene(context);
  const first = await publish(RECIPE, log.publisher, { commitSeconds: 7 });
  assert.deepEqual([first.commitSeconds, first.voteSeconds, first.alreadyThere], [7, 1, false]);
  const again = await publish();
  assert.deepEqual([again.commitSeconds, again.voteSeconds, again.alreadyThere], [7, 1, true]);
  const refusal = {
    code: 'refused',
    message: /released already \(entry \d+\), .* 7 s to commit and 1 s to vote/,
  };
  await assert.rejects(publish(RECIPE, log.publisher, { commitSeconds: 8 }), refusal);
  await assert.rejects(publish(RECIPE, log.publisher, { urgentBy: [log.publisher] }), refusal);
  assert.equal(releaseViews(log.tally).length, 1);
});

test('another recipe for a name that lives is refused before it can make the name contested', async (context) => {
  const { log, publish } = await scene(context);
  await publish();
  await assert.rejects(publish(Buffer.concat([RECIPE, Buffer.from('# changed\n')])), {
    code: 'refused',
    message: /released already, by another recipe/,
  });
  assert.equal(releaseViews(log.tally).length, 1);
});

test('a stranger is refused in the tally’s words; a recipe that is none never leaves this machine', async (context) => {
  const { log, publish } = await scene(context);
  await assert.rejects(publish(RECIPE, generateKey('stranger')), {
    code: 'refused',
    problem: 'unknown-publisher',
  });
  const asked = log.requests.length;
  await assert.rejects(publish(Buffer.from('format = 2')), { code: 'bad-recipe' });
  assert.equal(log.requests.length, asked);
});
