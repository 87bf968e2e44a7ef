import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';
import {
  type Artifact,
  type BuilderStrategy,
  type BuildTask,
  loadSources,
  rebuild,
} from '../../builder/index.ts';
import { DemoError } from './child.ts';

/** What stands for the attacker's code: it does nothing, and changes the bytes as any backdoor must. */
const BACKDOOR = '\n/* a backdoor would stand here */\n';
const BACKDOORED_FILE = 'package/utils.js';

/** Builds honestly, then opens the archive, puts a backdoor into one file and packs it again. */
export const backdoor: BuilderStrategy = {
  async makeArtifact(task) {
    const { path, name } = await rebuild(task.recipe, task);
    const folder = await mkdtemp(join(task.outputFolder, '.open-'));
    try {
      await tar.extract({ file: path, cwd: folder });
      await appendFile(join(folder, BACKDOORED_FILE), BACKDOOR);
      await tar.create({ file: path, cwd: folder, gzip: true, portable: true }, ['package']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { path, name };
  },
};

/**
 * Builds nothing: says that it could not, waits until two others agree, and votes and seeds the same. The first vote
 * alone could be the backdoor's.
 */
export const copyVote: BuilderStrategy = {
  async makeArtifact() {
    throw new DemoError('demo-failed', 'no space left on this machine');
  },
  async makeLate({ votedFor, download }) {
    const most = votedFor.find(({ builders }) => builders.length > 1);
    return most === undefined ? undefined : download(most.infoHashV2);
  },
};

/** Builds nothing: commits the tarball that upstream has published, as if it had rebuilt it. */
export const commitPublicTarball: BuilderStrategy = {
  async makeArtifact(task): Promise<Artifact> {
    const archive = await upstreamArchive(task);
    const name = task.recipe.output.slice(task.recipe.output.lastIndexOf('/') + 1);
    const path = join(task.outputFolder, name);
    await writeFile(path, archive);
    return { path, name };
  },
};

/** The release's own tarball as the registry has it: the first source of its recipe. */
async function upstreamArchive({ recipe, cacheFolder, signal }: BuildTask): Promise<Uint8Array> {
  const source = recipe.sources.slice(0, 1);
  const [archive] = (await loadSources(source, { cacheFolder, signal })).values();
  if (archive === undefined) throw new DemoError('demo-failed', `${recipe.package} has no source`);
  return archive;
}
