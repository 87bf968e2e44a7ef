import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type RunningTally, startTally } from '../../src/service/index.ts';
import type { BuilderOnRelease } from '../../src/tally/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  ask,
  ballot,
  builderEntry,
  type Cast,
  digestOf,
  makeCast,
  makeData,
  post,
  releaseEntry,
  until,
} from './tally-fixture.ts';

/** What the API says of a release, as far as audits move it. */
export interface View {
  readonly state: string;
  readonly winner: string | null;
  readonly builders: readonly BuilderOnRelease[];
  readonly seeders: Record<string, { live: number; reputable: number }>;
  readonly magnets: Record<string, string>;
}

export interface Scene {
  readonly cast: Cast;
  readonly dataFolder: string;
  readonly tally: RunningTally;
  readonly release: string;
  readonly contentPath: string;
  readonly view: () => Promise<View>;
}

export type Hooks = { after(hook: () => Promise<void>): void };

/** A tally with a release whose votes may come, and one file that builders built. */
export async function prepare(t: Hooks, voteSeconds = 6): Promise<Scene> {
  const folder = temporaryFolder('audit');
  const contentPath = path.join(folder, 'hashes-2.0.1.tgz');
  await writeFile(contentPath, randomBytes(300_000));
  const cast = makeCast();
  const dataFolder = await makeData(cast);
  const tally = await startTally({ dataFolder });
  t.after(() => tally.close());
  for (const founder of cast.founders) await post(tally, builderEntry(founder, tally.origin));
  const entry = releaseEntry(cast.publisher, tally.origin, { voteSeconds });
  await post(tally, entry);
  const release = digestOf(entry);
  const view = async (): Promise<View> =>
    (await ask(`${tally.url}/api/v1/releases/${release}`)).body as never;
  await until(view, ({ state }) => state === 'committing');
  return { cast, dataFolder, tally, release, contentPath, view };
}

/** Lets every founder commit to an infohash; resolves, once votes may come, to what votes for each. */
export async function commitAll(
  { cast, tally, release, view }: Scene,
  infoHashV2: string,
): Promise<(() => Promise<void>)[]> {
  const ballots = cast.founders.map((key) => ballot(key, tally.origin, release, infoHashV2));
  for (const { commit } of ballots) await post(tally, commit());
  await until(view, ({ state }) => state === 'voting');
  return ballots.map(({ vote }) => async () => {
    assert.equal((await post(tally, vote())).status, 201);
  });
}

/** Operators of the builders whose votes were audited. */
export function auditedOf({ builders }: Pick<View, 'builders'>): string[] {
  return builders
    .filter(({ auditIndex }) => auditIndex !== undefined)
    .map(({ operator }) => operator)
    .sort();
}
