// One cheating builder of the demonstration: `node cheat.process.ts '<JSON of CheatOptions>'`.
import process from 'node:process';
import { type BuilderStrategy, runBuilder } from '../../builder/index.ts';
import { readKeyFile } from '../../statement/index.ts';
import { interrupted, watchSignals } from '../context.ts';
import { backdoor, commitPublicTarball, copyVote } from './cheats.ts';

/** What the process needs to know; the rest is a builder's usual options. */
export interface CheatOptions {
  readonly tally: string;
  readonly logKey: string;
  readonly keyFile: string;
  readonly operator: string;
  readonly prefix: string;
  readonly address: string;
  readonly dataFolder: string;
  readonly cacheFolder: string;
  readonly role: 'backdoor' | 'mirror';
  /** Package URL of the round in which the mirror commits the public tarball; in others it copies a vote. */
  readonly publicTarballFor: string;
}

const options = JSON.parse(process.argv[2] ?? '{}') as CheatOptions;
watchSignals();

/** The mirror's two ways of cheating, by release. */
const mirror: BuilderStrategy = {
  async makeArtifact(task) {
    const way = task.package === options.publicTarballFor ? commitPublicTarball : copyVote;
    return way.makeArtifact(task);
  },
  async makeLate(task) {
    return copyVote.makeLate?.(task);
  },
};

await runBuilder({
  ...options,
  signer: await readKeyFile(options.keyFile),
  prefixes: [options.prefix],
  listen: { host: options.address, port: 0 },
  localAddress: options.address,
  trusted: true,
  strategy: options.role === 'backdoor' ? backdoor : mirror,
  signal: interrupted,
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
