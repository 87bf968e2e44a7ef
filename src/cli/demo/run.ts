import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadSources, parseRecipe, type Recipe } from '../../builder/index.ts';
import type { ReleaseView } from '../../tally/index.ts';
import type { Output } from '../output.ts';
import { ROUNDS, type Round } from './cast.ts';
import { DemoError } from './child.ts';
import { Network } from './network.ts';
import { CANARY_NOTE, type Download, type Report, reportRelease } from './report.ts';
import { type Stage, setStage } from './stage.ts';
import { Storyteller, short } from './storyteller.ts';

/** The longest that a window stays open when a builder does not answer, in seconds. */
const WINDOW_SECONDS = { commit: 240, vote: 60 };

export interface DemoOptions {
  /** Made anew. */
  readonly folder: string;
  readonly cacheFolder: string;
  readonly port: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** A demonstration that has run, and its network, which stays up until it is stopped. */
export interface Demo {
  readonly report: Report;
  /** Resolves when the user has seen enough; fails when a process of the network ends before. */
  stayUp(): Promise<void>;
  stop(): Promise<void>;
}

/** A release of the demonstration that has its verdict. */
interface Played {
  readonly release: ReleaseView;
  readonly seeders: number;
  readonly magnet: string;
}

/** Runs the whole network once: two releases, two verdicts, one download. */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const { output, signal, cacheFolder } = options;
  const recipes = await Promise.all([readRecipe(ROUNDS[0]), readRecipe(ROUNDS[1])]);
  const stage = await setStage(options.folder);
  const publicTarballFor = recipes[1].package;
  const teller = new Storyteller(output, stage.names);
  const network = await Network.start({
    ...options,
    stage,
    publicTarballFor,
    onSandbox: (sandboxed) => {
      teller.sandbox(sandboxed);
    },
  });
  try {
    teller.opening(network.url, stage.folder);
    const first = await playRound(network, teller, stage, 1, recipes[0]);
    const second = await playRound(network, teller, stage, 2, recipes[1]);
    teller.note(CANARY_NOTE);

    teller.heading(`A user gets ${recipes[0].package}`);
    const upstream = await upstreamArchive(recipes[0], cacheFolder, signal);
    const download = await get(network, stage, recipes[0].package, upstream);
    tellDownload(teller, download);

    const dashboard = `${network.url}/`;
    const report: Report = {
      ...reportRelease(first.release, stage.names, first.seeders),
      magnet: first.magnet,
      download,
      dashboard,
      secondRound: { ...reportRelease(second.release, stage.names, second.seeders), note: CANARY_NOTE },
    };
    teller.closing([
      ['file', download.path],
      ['dashboard', output.colors.cyan(dashboard)],
      ['log key', output.colors.cyan(stage.logKey)],
      ['magnet', output.colors.cyan(first.magnet)],
    ]);
    return { report, stayUp: async () => network.stayUp(), stop: async () => network.stop() };
  } catch (error) {
    await network.stop();
    throw error;
  }
}

async function playRound(
  network: Network,
  teller: Storyteller,
  stage: Stage,
  number: 1 | 2,
  recipe: Recipe,
): Promise<Played> {
  const round: Round = ROUNDS[number - 1] ?? ROUNDS[0];
  teller.round(number, recipe.package, round);
  const published = (await network.command(
    `publish-${number}`,
    'release',
    'publish',
    rootPath(round.recipe),
    '--key',
    stage.publisherKeyFile,
    '--tally',
    network.url,
    '--log-key',
    stage.logKey,
    '--state',
    join(stage.clientFolder, 'publisher'),
    '--commit-seconds',
    String(WINDOW_SECONDS.commit),
    '--vote-seconds',
    String(WINDOW_SECONDS.vote),
  )) as { release: string };
  const release = await network.follow(published.release, (before, after) => {
    teller.follow(before, after);
  });
  teller.verdict(release);
  const { seeders, magnets } = await network.client.release(release.digest);
  const winner = release.winner ?? '';
  return { release, seeders: seeders[winner]?.reputable ?? 0, magnet: magnets[winner] ?? '' };
}

/** Gets a release as any user would, and holds it against the registry's own tarball. */
async function get(
  network: Network,
  stage: Stage,
  packageUrl: string,
  upstream: Uint8Array,
): Promise<Download> {
  const got = (await network.command(
    'get',
    'get',
    packageUrl,
    '--tally',
    network.url,
    '--log-key',
    stage.logKey,
    '--out',
    stage.downloadFolder,
    '--state',
    stage.clientFolder,
  )) as { path: string };
  const bytes = await readFile(got.path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path: got.path, sha256, matchesRegistry: Buffer.from(upstream).equals(bytes) };
}

function tellDownload(teller: Storyteller, { sha256, matchesRegistry }: Download): void {
  teller.line('log read, tree and signatures checked, votes counted again');
  teller.line(`downloaded from the builders who agree, every block verified: SHA-256 ${short(sha256)}`);
  teller.line(
    matchesRegistry ? "it is, byte for byte, the registry's own tarball" : "it is NOT the registry's tarball",
  );
}

/** The registry's tarball of a release: the first source of its recipe, checked against its pinned digest. */
async function upstreamArchive(
  recipe: Recipe,
  cacheFolder: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [archive] = (await loadSources(recipe.sources.slice(0, 1), { cacheFolder, signal })).values();
  if (archive === undefined)
    throw new DemoError('demo-failed', `the recipe of ${recipe.package} has no source`);
  return archive;
}

async function readRecipe({ recipe }: Round): Promise<Recipe> {
  return parseRecipe(await readFile(rootPath(recipe), 'utf8'));
}

/** A path below the checkout. */
function rootPath(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
