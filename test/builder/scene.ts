// One builder that runs against a tally in memory.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BuilderEvent, type BuilderStrategy, runBuilder } from '../../src/builder/index.ts';
import { generateKey, type PolicyRules, type Predicate, type PrivateKey } from '../../src/statement/index.ts';
import { TestLog } from '../client/test-log.ts';
import { craftArchive, putInCache } from './archive.ts';
import { smallRecipe, temporaryFolder } from './recipes.ts';

/** Writes one file with the given text, however the recipe reads. */
export function making(text: string): BuilderStrategy {
  return {
    async makeArtifact({ outputFolder }) {
      const path = join(outputFolder, 'small.txt');
      await writeFile(path, text);
      return { path, name: 'small.txt' };
    },
  };
}

export interface Scene {
  readonly log: TestLog;
  readonly digest: string;
  readonly key: PrivateKey;
  readonly folder: string;
  /** A recipe that its builder can make, and its sources. */
  readonly recipe: () => { readonly bytes: Uint8Array; readonly sources: Predicate<'release'>['sources'] };
  /** Starts the builder; `until` waits for an event, `stop` ends it as Ctrl-C does. */
  readonly start: (strategy?: BuilderStrategy, dataFolder?: string) => Running;
}

export interface Running {
  readonly events: BuilderEvent[];
  readonly ended: Promise<void>;
  until(name: BuilderEvent['event']): Promise<BuilderEvent>;
  stop(): Promise<void>;
}

export async function scene(
  context: TestContext,
  { release = true, rules = {} }: { release?: boolean; rules?: Partial<PolicyRules> } = {},
): Promise<Scene> {
  const folder = await temporaryFolder(context);
  const archive = craftArchive([{ path: 'package/hello.txt', content: 'hello' }]);
  const integrity = await putInCache(join(folder, 'cache'), archive);
  const script = `import { copyFileSync } from 'node:fs'; copyFileSync('source/hello.txt', 'out/a.txt');`;
  const recipe = Buffer.from(smallRecipe({ integrity, script }));
  const log = new TestLog('log.test/1', rules);
  const [key = generateKey('nobody')] = log.founders;
  for (const founder of log.founders) log.register(founder, founder.name);
  const sources = [{ name: 'small', uri: 'pkg:npm/small@1.0.0', integrity }];
  const digest = release ? log.release(recipe, { sources }) : '';
  await log.serve(context);
  const start: Scene['start'] = (strategy, dataFolder = join(folder, 'data')) => {
    const events: BuilderEvent[] = [];
    const waiting = new Map<string, (event: BuilderEvent) => void>();
    const controller = new AbortController();
    const ended = runBuilder({
      tally: log.url,
      logKey: log.vkey,
      signer: key,
      dataFolder,
      cacheFolder: join(folder, 'cache'),
      listen: { host: '127.0.0.1', port: 0 },
      trusted: true,
      signal: controller.signal,
      onEvent: (event) => {
        events.push(event);
        waiting.get(event.event)?.(event);
      },
      ...(strategy !== undefined && { strategy }),
    });
    ended.catch(() => {}); // looked at by the test itself
    return {
      events,
      ended,
      until: async (name) => {
        const seen = events.find(({ event }) => event === name);
        if (seen !== undefined) return seen;
        const coming = new Promise<BuilderEvent>((resolve) => waiting.set(name, resolve));
        const tooLate = ended.then(() => assert.fail(`the builder ended before "${name}"`));
        return Promise.race([coming, tooLate]);
      },
      stop: async () => {
        controller.abort();
        await ended;
      },
    };
  };
  return { log, digest, key, folder, recipe: () => ({ bytes: recipe, sources }), start };
}

export function ballotOf({ log, digest, key }: Scene) {
  return log.tally.releases.get(digest)?.ballots.get(key.key);
}

/** Entries of a kind that the builder's key signed. */
export function entriesOf({ log, key }: Scene, kind: string): number {
  return log.entries.filter((entry) => {
    const { payload, signatures } = JSON.parse(Buffer.from(entry.subarray(8)).toString());
    const signed = signatures.some(({ keyid }: { keyid: string }) => keyid === key.key);
    return signed && Buffer.from(payload, 'base64').includes(`bitquorum:${kind}/v1`);
  }).length;
}

export function closeWindow({ log }: Scene): void {
  log.aheadMs += 61_000;
  log.settle();
}

export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + 15_000;
  while (!(await Promise.resolve(condition()).catch(() => false))) {
    assert.ok(Date.now() < until, 'waited for 15 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
