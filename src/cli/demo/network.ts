import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BuilderEvent, RebuildProgress } from '../../builder/index.ts';
import { LogFollower, TallyClient } from '../../client/index.ts';
import { builderViews, type ReleaseView, releaseView } from '../../tally/index.ts';
import { CAST, type Player } from './cast.ts';
import type { CheatOptions } from './cheat.process.ts';
import { type Child, DemoError, endingWords, startChild, untilAborted, whileRunning } from './child.ts';
import type { Stage } from './stage.ts';

const COMMAND_LINE = 'src/cli/bitquorum.ts';
const CHEAT = 'src/cli/demo/cheat.process.ts';
const POLL_MS = 150;

export interface NetworkOptions {
  readonly stage: Stage;
  /** Source archives, kept between demonstrations. */
  readonly cacheFolder: string;
  /** Port of the dashboard; 0 lets the system choose. */
  readonly port: number;
  /** The round in which the mirror commits upstream's public tarball: its package URL. */
  readonly publicTarballFor: string;
  /** Told by each builder before it rebuilds: whether it does so inside a sandbox. */
  readonly onSandbox: (sandboxed: boolean) => void;
  readonly signal: AbortSignal;
}

/** The processes of the demonstration, and a reader of its log. */
export class Network {
  readonly url: string;
  readonly client: TallyClient;
  readonly #options: NetworkOptions;
  readonly #follower: LogFollower;
  readonly #children: Child[];

  private constructor(options: NetworkOptions, url: string, tally: Child) {
    const { logKey, clientFolder } = options.stage;
    this.url = url;
    this.client = new TallyClient(url);
    this.#options = options;
    this.#follower = new LogFollower(this.client, { logKey, stateFolder: join(clientFolder, 'watch') });
    this.#children = [tally];
  }

  /** Starts the tally and the five builders; resolves when the log knows all of them. */
  static async start(options: NetworkOptions): Promise<Network> {
    const { tally, url } = await startTally(options);
    const network = new Network(options, url, tally);
    try {
      for (const player of CAST) network.#children.push(network.#startBuilder(player));
      await network.until(({ tally }) => (builderViews(tally).length === CAST.length ? true : undefined));
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  /** Runs a command of the command line to its end and gives its JSON document. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    let document: unknown;
    const child = startChild({
      name,
      command: [COMMAND_LINE, ...args, '--json'],
      logFolder: this.#options.stage.logFolder,
      onLine: (line) => {
        document = line;
      },
    });
    const stop = () => void child.stop();
    this.#options.signal.addEventListener('abort', stop, { once: true });
    const code = await child.ended;
    this.#options.signal.removeEventListener('abort', stop);
    this.#options.signal.throwIfAborted();
    if (code === 0 && document !== undefined) return document;
    throw new DemoError(
      'child-failed',
      `bitquorum ${args[0]} ${endingWords(code, child.lastWords())} (see ${child.logFile})`,
    );
  }

  /** Follows a release from entry to entry until it has its verdict. */
  async follow(
    digest: string,
    onChange: (before: ReleaseView | undefined, after: ReleaseView) => void,
  ): Promise<ReleaseView> {
    let before: ReleaseView | undefined;
    return this.until(({ tally }) => {
      const after = releaseView(tally, digest);
      if (after === undefined) return undefined;
      onChange(before, after);
      before = after;
      return after.verdictMs === undefined ? undefined : after;
    });
  }

  /** Reads the log until `find` gives something; fails when a process of the network ends. */
  async until<Found>(find: (follower: LogFollower) => Found | undefined): Promise<Found> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, ended.signal]);
    try {
      return await whileRunning(this.#children, this.#search(find, signal));
    } finally {
      ended.abort(new DemoError('demo-failed', 'the search is over'));
    }
  }

  /** Resolves when the user has seen enough; fails when a process of the network ends before. */
  async stayUp(): Promise<void> {
    await untilAborted(this.#children, this.#options.signal);
  }

  /** Ends every process, the builders first. */
  async stop(): Promise<void> {
    const [tally, ...builders] = this.#children;
    await Promise.all(builders.map(async (child) => child.stop()));
    await tally?.stop();
  }

  async #search<Found>(
    find: (follower: LogFollower) => Found | undefined,
    signal: AbortSignal,
  ): Promise<Found> {
    for (;;) {
      signal.throwIfAborted();
      await this.#follower.update(signal);
      const found = find(this.#follower);
      if (found !== undefined) return found;
      await pause(POLL_MS, undefined, { signal });
    }
  }

  #startBuilder({ name, role, address }: Player): Child {
    const { stage, cacheFolder, publicTarballFor, onSandbox } = this.#options;
    const common = {
      tally: this.url,
      logKey: stage.logKey,
      keyFile: stage.keyFiles.get(name) ?? '',
      dataFolder: stage.builderFolder(name),
      cacheFolder,
    };
    const prefix = address.replace(/\.\d+$/, '.0/24');
    if (role !== 'honest') {
      const cheat: CheatOptions = { ...common, operator: name, prefix, address, role, publicTarballFor };
      return startChild({ name, command: [CHEAT, JSON.stringify(cheat)], logFolder: stage.logFolder });
    }
    const args = ['builder', 'run', '--json', '--tally', common.tally, '--log-key', common.logKey];
    args.push('--key', common.keyFile, '--data', common.dataFolder, '--cache', common.cacheFolder);
    args.push('--operator', name, '--prefix', prefix, '--listen', address, '--trust-release');
    return startChild({
      name,
      command: [COMMAND_LINE, ...args],
      logFolder: stage.logFolder,
      onLine: (line) => {
        const { event, progress } = line as BuilderEvent & { readonly progress?: RebuildProgress };
        if (event === 'progress' && progress?.phase === 'sandbox') onSandbox(progress.sandboxed);
      },
    });
  }
}

/** Starts the tally; resolves when it listens. */
async function startTally({ stage, port }: NetworkOptions): Promise<{ tally: Child; url: string }> {
  let listening: (url: string) => void;
  const url = new Promise<string>((resolve) => {
    listening = resolve;
  });
  const args = ['tally', 'run', '--data', stage.tallyFolder, '--listen', `127.0.0.1:${port}`, '--json'];
  const tally = startChild({
    name: 'tally',
    command: [COMMAND_LINE, ...args],
    logFolder: stage.logFolder,
    onLine: (line) => {
      listening((line as { url: string }).url);
    },
  });
  return { tally, url: await whileRunning([tally], url) };
}
