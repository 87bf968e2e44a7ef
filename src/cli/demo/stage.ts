import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initTally } from '../../service/index.ts';
import { generateKey, type PrivateKey, writeKeyFile } from '../../statement/index.ts';
import { CAST } from './cast.ts';
import { takeFolder } from './folder.ts';

/** Everything of the demonstration that stands before the first process starts. */
export interface Stage {
  readonly folder: string;
  readonly tallyFolder: string;
  readonly logFolder: string;
  readonly downloadFolder: string;
  readonly clientFolder: string;
  readonly publisherKeyFile: string;
  /** The log's verifier key: what a user pins. */
  readonly logKey: string;
  /** Key file of each builder, by name. */
  readonly keyFiles: ReadonlyMap<string, string>;
  /** Names of the builders, by public key (hex). */
  readonly names: ReadonlyMap<string, string>;
  builderFolder(name: string): string;
}

/** Makes a folder anew with keys for everyone and a tally whose founders are the five builders. */
export async function setStage(folder: string): Promise<Stage> {
  await takeFolder(folder);
  const logFolder = join(folder, 'logs');
  const keyFolder = join(folder, 'keys');
  for (const each of [logFolder, keyFolder]) await mkdir(each, { recursive: true, mode: 0o700 });

  const publisher = generateKey('publisher.demo');
  const publisherKeyFile = join(keyFolder, 'publisher.key');
  await writeKeyFile(publisherKeyFile, publisher);
  const founders = new Map<string, PrivateKey>();
  const keyFiles = new Map<string, string>();
  for (const { name } of CAST) {
    const key = generateKey(`${name}.demo`);
    const file = join(keyFolder, `${name}.key`);
    await writeKeyFile(file, key);
    founders.set(name, key);
    keyFiles.set(name, file);
  }

  const policyToml = demoPolicy(
    publisher.key,
    [...founders.values()].map(({ key }) => key),
  );
  await writeFile(join(folder, 'policy.toml'), policyToml);
  const tallyFolder = join(folder, 'tally');
  const { vkey } = await initTally({
    dataFolder: tallyFolder,
    policyToml,
    founders: [...founders.values()],
  });
  return {
    folder,
    tallyFolder,
    logFolder,
    downloadFolder: join(folder, 'download'),
    clientFolder: join(folder, 'client'),
    publisherKeyFile,
    logKey: vkey,
    keyFiles,
    names: new Map([...founders].map(([name, { key }]) => [key, name])),
    builderFolder: (name) => join(folder, 'builders', name),
  };
}

/** The default rules, except for short windows that end as soon as every seat has answered. */
function demoPolicy(publisher: string, founders: readonly string[]): string {
  return `# The policy of the demonstration: short windows, every other rule as on a real network.
name = "demo"
demo = true
founders = ${JSON.stringify(founders)}
foundersQuorum = 3
panelSeats = 15
minimumVotes = 3
panelMargin = [2, 3]
foundersMargin = [2, 3]
heartbeatSeconds = 600

[windows]
commitFloorSeconds = 3
voteFloorSeconds = 5
endEarly = true

[[publishers]]
prefix = "pkg:npm/%40noble/"
keys = [${JSON.stringify(publisher)}]
`;
}
